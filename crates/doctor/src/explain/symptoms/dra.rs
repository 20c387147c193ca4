//! Dynamic resource allocation in Kubernetes.

use crate::codes::*;
use crate::explain::Speaker::Cluster;
use crate::explain::{Symptom, from, symptom, wrapper};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "dra-not-registered",
        Cluster,
        &["DRA driver * is not registered"],
        "the kubelet of this node does not know the driver that the claim names",
        &[from(
            "the driver's kubelet plugin does not run on this node, or did not come back after a restart",
            "kubectl -n nvidia-dra-driver-gpu get pods -o wide; its log on that node",
            &[],
        )],
    ),
    symptom(
        "dra-off",
        Cluster,
        &["no handler registered for plugin type: DRAPlugin"],
        "dynamic resource allocation is switched off in this kubelet",
        &[from(
            "the feature gate or the API group is not enabled (before Kubernetes 1.34)",
            "featureGates: DynamicResourceAllocation: true for kubelet, API server, scheduler and controller",
            &[],
        )],
    ),
    symptom(
        "dra-version-skew",
        Cluster,
        &["failed to fetch ResourceClaim * could not find the requested resource"],
        "the kubelet asks for a version of the API of claims that the server does not have, or the other way round",
        &[from(
            "nodes and control plane are of different releases",
            "kubectl version; kubectl get nodes; bring the node to the server's release",
            &[],
        )],
    ),
    symptom(
        "compute-domain-not-ready",
        Cluster,
        &["current node not ready in ComputeDomain", "error asserting ComputeDomain Ready"],
        "the pod waits until the IMEX daemons of its compute domain run on all of their nodes",
        &[
            from(
                "it is just starting",
                "kubectl get computedomain; kubectl -n nvidia-dra-driver-gpu get pods",
                &[],
            ),
            from(
                "a node of the domain has no healthy fabric",
                "nvidia-smi -q | grep -A4 Fabric on each node",
                &[FABRIC_MANAGER],
            ),
        ],
    ),
    wrapper(
        "dra-prepare",
        Cluster,
        &["NodePrepareResources * DeadlineExceeded", "Failed to prepare dynamic resources"],
        "the driver did not prepare the claimed devices; its own message follows, or stands in its log",
        &[
            from(
                "a process of the host holds the GPU (a change to VFIO or of MIG)",
                "sudo fuser -v /dev/nvidia* on the node",
                &[],
            ),
            from(
                "the driver's log says why",
                "kubectl -n nvidia-dra-driver-gpu logs of the kubelet plugin on that node",
                &[],
            ),
        ],
    ),
];
