//! vGPUs: licences, the host's manager, and schedulers that cut GPUs into parts.

use crate::codes::*;
use crate::explain::Speaker::{Cluster, Kernel, Library};
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "vgpu-licence",
        Library,
        &[
            "nvidia-gridd: Failed to acquire license",
            "nvidia-gridd * Failed to acquire license",
            "Failed to acquire/renew license from license server",
            "Failed to update local trusted store",
            "License Status : Unlicensed (Restricted)",
            "License Status : Unlicensed (Unrestricted)",
        ],
        "the vGPU has no licence: it becomes slow, then refuses CUDA",
        &[
            from(
                "the client configuration token is missing, old, or of another server",
                "a new token in /etc/nvidia/ClientConfigToken (mode 744), then sudo systemctl restart nvidia-gridd",
                &[],
            ),
            from(
                "the guest does not reach the licence server, or its clock is wrong",
                "journalctl -u nvidia-gridd; curl -kv https://SERVER; timedatectl",
                &[],
            ),
            from(
                "a container on a vGPU: the licence is the host's matter",
                "nvidia-smi -q | grep -i license on the guest itself",
                &[],
            ),
        ],
    ),
    symptom(
        "vgpu-licence-settings",
        Library,
        &[
            "Configuration parameter ( ServerAddress * not set",
            "Configuration parameter ( FeatureType * not set",
            "Configuration parameter ( ServerAddress * not set * Invalid feature type requested",
            "nvidia-gridd * Invalid feature type requested",
            "Invalid feature type requested",
        ],
        "nvidia-gridd was not told which licence it has to fetch, or where",
        &[
            from(
                "/etc/nvidia/gridd.conf is missing or only the template",
                "sudo cp /etc/nvidia/gridd.conf.template /etc/nvidia/gridd.conf; set FeatureType (and ServerAddress for the old server); sudo systemctl restart nvidia-gridd",
                &[],
            ),
            from(
                "the GPU is passed through whole and needs no licence for computing",
                "sudo systemctl disable --now nvidia-gridd",
                &[],
            ),
        ],
    ),
    symptom(
        "vgpu-host",
        Kernel,
        &["vmiop_log: NVOS status 0x56", "vmiop_log: (0x0): NVOS status 0x56"],
        "the vGPU manager on the host asked the GPU for something that it does not have (0x56: not supported)",
        &[from(
            "the GPU is not one for vGPU, or host software and guest driver are of different releases",
            "NVIDIA's list of GPUs for vGPU; the same release on host and guest",
            &[VERSION_SKEW],
        )],
    ),
    symptom(
        "gpu-share-full",
        Cluster,
        &[
            "UnexpectedAdmissionError: vgpu-*Requested * Available",
            "vgpu-cores Requested * Available",
            "no enough gpu cards on node",
            "hami-vgpuDeviceSharing error",
        ],
        "a scheduler for parts of GPUs (HAMi, Volcano) finds no GPU with as much free as the pod asks for",
        &[
            from(
                "no single GPU has that share of memory and cores left",
                "kubectl describe node: the annotations of the device plugin and `Allocated resources`; ask for less",
                &[],
            ),
            from(
                "the plugin of that node does not run, or counts wrongly since a restart",
                "kubectl -n kube-system logs of the device plugin on that node; restart it",
                &[NVML],
            ),
            from(
                "two device plugins serve one node",
                "take NVIDIA's own plugin away from nodes of this scheduler",
                &[],
            ),
        ],
    ),
];
