//! Kubernetes and other clusters.

use crate::codes::*;
use crate::explain::Speaker::Cluster;
use crate::explain::{Symptom, from, symptom, wrapper};

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
            "failed to find runtime handler nvidia from runtime list",
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
            from(
                "CRI-O (`from runtime list`): its own entry is missing",
                "sudo nvidia-ctk runtime configure --runtime=crio && sudo systemctl restart crio",
                &[CRI_RUNTIME],
            ),
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
            "No devices found. Waiting indefinitely",
            "Failed to initialize NVML: could not load NVML library",
            "Failed to start nvml with error: could not load NVML library",
            "invalid device discovery strategy",
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
        &["Insufficient nvidia.com/gpu", "0/* nodes are available: * nvidia.com/gpu"],
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
    symptom(
        "allocate-failed",
        Cluster,
        &[
            "Allocate failed due to requested number of devices unavailable for nvidia.com/",
            "Allocate failed due to no healthy devices present; cannot allocate unhealthy devices",
            "Allocate failed due to rpc error",
            "UnexpectedAdmissionError * nvidia.com/",
        ],
        "the scheduler chose this node and its kubelet had no GPU left to give; the pod is not tried again",
        &[
            from(
                "the device plugin was restarting, or had crashed, when the pod came (after a reboot, a new MIG layout)",
                "kubectl delete the pod, so that a new one is made; kubectl -n kube-system logs of the plugin",
                &[],
            ),
            from(
                "the plugin took a GPU out as unhealthy",
                "sudo dmesg | grep -i xid on the node",
                &[NVML, GPU_LOST],
            ),
            from("the pod names its node (nodeName) and goes past the scheduler", "use nodeSelector", &[]),
        ],
    ),
    symptom(
        "validator-toolkit",
        Cluster,
        &[
            "error validating toolkit installation: exec: \"nvidia-smi\": executable file not found in $PATH",
            "error validating toolkit installation",
        ],
        "the operator's validator got no GPU in its own pod: the toolkit injected nothing",
        &[
            from(
                "the runtime class nvidia does not lead to the toolkit's runtime on this node",
                "longshore doctor on the node",
                &[CRI_RUNTIME, CRI_IMPORTS],
            ),
            from(
                "the toolkit looks for the driver in another root (Talos, a driver container)",
                "driverInstallDir and toolkit.env of the operator",
                &[DRIVER_ROOT],
            ),
        ],
    ),
    symptom(
        "plugin-mps",
        Cluster,
        &["error checking MPS daemon health", "error waiting for MPS daemon"],
        "the device plugin shares GPUs by MPS and finds no MPS daemon on this node",
        &[from(
            "the daemon is a pod of its own, which the plugin's Helm chart starts on nodes with the label nvidia.com/mps.capable",
            "install plugin, GPU feature discovery and MPS daemon by the chart; kubectl label node NODE nvidia.com/mps.capable=true",
            &[],
        )],
    ),
    symptom(
        "health-check-old-gpu",
        Cluster,
        &["is too old to support healtchecking", "is too old to support healthchecking"],
        "the device plugin cannot watch this GPU's health and counts it as unhealthy",
        &[from(
            "the GPU is older than event counting in NVML",
            "DP_DISABLE_HEALTHCHECKS=xids in the plugin's environment",
            &[],
        )],
    ),
    symptom(
        "dcgm-start",
        Cluster,
        &["Error starting nv-hostengine: DCGM initialization error", "CacheManager Init Failed. Error"],
        "DCGM could not start in its container",
        &[
            from("the container has no GPU", "runtimeClassName: nvidia, or --gpus all", &[]),
            from(
                "some GPUs are in MIG mode",
                "run nv-hostengine on the host and the exporter with -r HOST:5555",
                &[MIG_STATE],
            ),
            from("it lacks rights", "--cap-add SYS_ADMIN", &[]),
        ],
    ),
    symptom(
        "talos-extensions",
        Cluster,
        &[
            "nvidia-persistenced-wrapper: error starting nvidia-persistenced",
            "nv-fabricmanager: error while loading shared libraries",
        ],
        "system extensions of Talos for NVIDIA do not fit each other, or the release of Talos",
        &[from(
            "nvidia-container-toolkit and the kernel modules are of different driver versions, or of another Talos",
            "one image schematic with both extensions of the same production or lts line",
            &[VERSION_SKEW],
        )],
    ),
    symptom(
        "plugin-lost-gpu",
        Cluster,
        &[
            "GetPreferredAllocation rpc failed * nvml.Init: Unknown Error",
            "Allocate failed due to device plugin GetPreferredAllocation rpc failed",
            "Allocate failed due to device plugin GetPreferredAllocation rpc failed * nvml.Init: Unknown Error",
        ],
        "the device plugin's own container lost its GPUs, so it cannot choose one for a pod",
        &[
            from(
                "`systemctl daemon-reload` rewrote its device rules",
                "kubectl -n kube-system delete pod of the plugin on that node; devices by CDI stay",
                &[RELOAD_LOSS],
            ),
            from("the driver of the node does not answer", "longshore doctor on the node", &[NVML]),
        ],
    ),
    symptom(
        "plugin-ended",
        Cluster,
        &["ListAndWatch ended unexpectedly for device plugin * nvidia.com/"],
        "the device plugin ended; the kubelet counts its GPUs as unhealthy until it is back",
        &[
            from("it was restarted or updated", "it registers again by itself", &[]),
            from(
                "it crashed, or the driver is gone",
                "kubectl -n kube-system logs --previous of the plugin's pod on that node; longshore doctor there",
                &[NVML, MODULE_LOADED],
            ),
        ],
    ),
    wrapper(
        "operator-waits",
        Cluster,
        &["failed to validate the driver, retrying after"],
        "the GPU operator's pods wait until the driver of the node answers",
        &[
            from(
                "the driver's pod is still building or loading the module",
                "kubectl -n gpu-operator logs -l app=nvidia-driver-daemonset --tail=40",
                &[MODULE_LOADED],
            ),
            from(
                "the driver is installed on the node itself, and the operator was not told",
                "driver.enabled=false in its values",
                &[DRIVER_ROOT],
            ),
        ],
    ),
    wrapper(
        "gke-driver",
        Cluster,
        &["failed to verify GPU driver installation"],
        "GKE's installer built the driver, and its nvidia-smi failed; the reason is in the node's kernel log",
        &[from(
            "the driver's version does not serve this GPU, or the module was not loaded",
            "sudo dmesg | grep NVRM on the node; another driver version for the node pool",
            &[MODULE_LOADED],
        )],
    ),
    symptom(
        "dcgm-no-engine",
        Cluster,
        &[
            "Unable to connect to host engine. Host engine connection invalid/disconnected",
            "Error connecting to nv-hostengine: Host engine connection invalid/disconnected",
        ],
        "nobody answers for DCGM's host engine",
        &[
            from(
                "nv-hostengine does not run, or not in this container",
                "sudo systemctl enable --now nvidia-dcgm; dcgmi --host HOST, exporter -r HOST:5555",
                &[],
            ),
            from("this machine has no NVIDIA GPU, or its driver does not answer", "nvidia-smi", &[NVML]),
        ],
    ),
    symptom(
        "dcgm-engine-twice",
        Cluster,
        &["Failed to start DCGM Server: -7"],
        "DCGM's host engine could not start: mostly one runs already",
        &[
            from(
                "the service nvidia-dcgm has the port 5555",
                "systemctl status nvidia-dcgm; use it, or stop it first",
                &[],
            ),
            from(
                "a log or a socket of another user is in its way",
                "sudo nv-hostengine -n shows its log",
                &[],
            ),
        ],
    ),
    symptom(
        "dcgm-profiling-taken",
        Cluster,
        &["The third-party Profiling module returned an unrecoverable error"],
        "DCGM may not read the GPU's performance counters, or another program has them",
        &[
            from(
                "a second host engine or exporter, or a profiler (Nsight), uses them",
                "one nv-hostengine for all: exporter with -r HOST:5555; dcgmi profile --pause",
                &[],
            ),
            from("it lacks the right to", "as root, in a container with --cap-add SYS_ADMIN", &[]),
            from("a GPU is in a bad state", "nvidia-smi; sudo dmesg | grep -i xid", &[NVML]),
        ],
    ),
];
