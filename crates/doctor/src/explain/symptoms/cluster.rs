//! Kubernetes and other clusters.

use crate::codes::*;
use crate::explain::Speaker::Cluster;
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "plugin-unhealthy",
        Cluster,
        &["XidCriticalError: Xid=", "nvidia.com/gpu' device marked unhealthy"],
        "the device plugin took a GPU out of the node's count, because the driver reported a fault of it",
        &[from(
            "the number after `Xid=` says which fault",
            "sudo dmesg | grep -i xid on that node; reset the GPU, then restart the plugin's pod",
            &[NVML, GPU_LOST],
        )],
    ),
    symptom(
        "lxc-node-missing",
        Cluster,
        &["Failed to mount \"/dev/nvidia*\" onto", "Failed to mount /dev/nvidia * onto * lxc"],
        "the guest's configuration names a device node that the host does not have",
        &[from(
            "nvidia-modeset or nvidia-uvm was not loaded on the host when the guest started",
            "sudo nvidia-modprobe -u -m -c0 on the host, at boot before the guests; or `optional` in the mount entry",
            &[DEVICE_NODES],
        )],
    ),
    symptom(
        "no-runtime-handler",
        Cluster,
        &[
            "no runtime for \"nvidia\" is configured",
            "no runtime handler for \"nvidia\"",
            "RuntimeHandler \"nvidia\" not supported",
            "unknown runtime handler nvidia",
        ],
        "the node's container runtime does not know the runtime nvidia",
        &[
            from(
                "its entry is missing",
                "sudo nvidia-ctk runtime configure --runtime=containerd && sudo systemctl restart containerd",
                &[CRI_RUNTIME],
            ),
            from(
                "the file that has it is not loaded: a missing import, another folder, K3s with its own file",
                "longshore doctor --engine containerd",
                &[CRI_IMPORTS, CRI_TEMPLATE],
            ),
            from("containerd was not restarted", "sudo systemctl restart containerd", &[CRI_RUNTIME]),
        ],
    ),
    symptom(
        "plugin-strategy",
        Cluster,
        &[
            "Incompatible strategy detected auto",
            "Detected non-NVML platform: could not load NVML library: libnvidia-ml.so.1: cannot open shared object file",
            "Detected non-NVML platform: could not load NVML library",
            "Incompatible platform detected",
            "did you configure the NVIDIA Container Toolkit?",
        ],
        "the device plugin's own pod got no GPU",
        &[
            from(
                "the pod does not run under the runtime nvidia",
                "give it runtimeClassName: nvidia, or make nvidia the default runtime",
                &[CRI_RUNTIME, CRI_IMPORTS],
            ),
            from("the node has no driver", "longshore doctor on the node", &[MODULE_LOADED]),
        ],
    ),
    symptom(
        "validator-node",
        Cluster,
        &[
            "failed to create device node nvidiactl: failed to determine major",
            "failed to create device node * invalid device node",
            "failed to create /dev/char symlinks",
            "error creating symlink creator",
        ],
        "the GPU operator's validator could not make device nodes",
        &[
            from("the module is not loaded", "longshore doctor on the node", &[MODULE_LOADED]),
            from(
                "the driver has nodes and no numbers in /proc/devices",
                "sudo nvidia-ctk system create-dev-char-symlinks --create-all --load-kernel-modules",
                &[DEVICE_NODES],
            ),
        ],
    ),
    symptom(
        "insufficient-gpus",
        Cluster,
        &[
            "Insufficient nvidia.com/gpu",
            "UnexpectedAdmissionError * nvidia.com/gpu",
            "Allocate failed due to requested number of devices unavailable for nvidia.com/gpu",
            "0/* nodes are available: * nvidia.com/gpu",
        ],
        "no node has a free GPU to give",
        &[
            from("other pods hold them", "kubectl describe node | grep -A8 'Allocated resources'", &[]),
            from(
                "the device plugin is not there or did not register after the kubelet's restart",
                "kubectl -n kube-system get pods | grep device-plugin",
                &[],
            ),
            from("a taint keeps the pod away", "add a toleration for nvidia.com/gpu", &[]),
        ],
    ),
    symptom(
        "microk8s-addon",
        Cluster,
        &[
            "microk8s * nvidia * Init:",
            "gpu-operator * Init:0/1",
            "nvidia-operator-validator * Init:",
            "microk8s enable gpu",
        ],
        "the operator's pods wait for the node's runtime",
        &[from(
            "MicroK8s has its containerd in its own folder",
            "give the operator CONTAINERD_CONFIG=/var/snap/microk8s/current/args/containerd-template.toml and its socket",
            &[CRI_RUNTIME],
        )],
    ),
    symptom(
        "gvisor-driver",
        Cluster,
        &["unsupported Nvidia driver version", "nvproxy: unsupported"],
        "gVisor knows an exact list of driver versions, and this is none of them",
        &[from("the driver is newer than gVisor's list", "runsc nvproxy list-supported-drivers", &[])],
    ),
    symptom(
        "kata-cdi",
        Cluster,
        &["failed to inject devices after CDI timeout"],
        "Kata waited for CDI in its guest",
        &[from(
            "the guest found no GPU",
            "look at the guest's log; VFIO must hold the GPU on the host",
            &[BOUND_ELSEWHERE],
        )],
    ),
    symptom(
        "apptainer-nv",
        Cluster,
        &[
            "Could not find any nv files on this host",
            "WARNING: * nv files on this host",
            "Unable to find nvidia-container-cli on this host",
        ],
        "Apptainer found no driver on the host",
        &[from(
            "no driver is installed, or not in the loader cache",
            "longshore doctor",
            &[MODULE_LOADED, LOADER_CACHE],
        )],
    ),
];
