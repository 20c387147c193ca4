//! NVML, on the host and in containers.

use crate::codes::*;
use crate::explain::Speaker::Library;
use crate::explain::{Symptom, from, symptom, wrapper};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "nvml-not-loaded",
        Library,
        &[
            "nvml error: driver not loaded",
            "Failed to initialize NVML: Driver Not Loaded",
            "failed to initialize NVML: ERROR_DRIVER_NOT_LOADED",
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver",
            "Make sure that the latest NVIDIA driver is installed and running",
        ],
        "the kernel module is not loaded",
        &[
            from(
                "the module was not built for the running kernel",
                "install the kernel's headers and the driver again; reboot",
                &[MODULE_LOADED],
            ),
            from("nouveau or vfio-pci holds the GPU", "longshore doctor", &[BOUND_ELSEWHERE]),
            from(
                "Secure Boot refused an unsigned module",
                "mokutil --sb-state; sudo dmesg | grep -i 'key was rejected'",
                &[MODULE_LOADED],
            ),
            from("the machine waits for its reboot after an installation", "sudo reboot", &[MODULE_LOADED]),
            from(
                "at boot: a service asked before the module was loaded",
                "sudo systemctl restart nvidia-cdi-refresh",
                &[CDI_PRESENT],
            ),
        ],
    ),
    symptom(
        "nvml-mismatch",
        Library,
        &[
            "Failed to initialize NVML: Driver/library version mismatch",
            "nvml error: driver/library version mismatch",
            "driver/library version mismatch",
            "ERROR_LIB_RM_VERSION_MISMATCH",
        ],
        "the loaded kernel module and the library are of different versions",
        &[
            from(
                "on the host: packages were upgraded under the loaded module",
                "sudo reboot (or stop what uses the GPU and reload the modules)",
                &[VERSION_SKEW],
            ),
            from(
                "only in a container: the image brings its own driver libraries",
                "remove driver packages from the image; longshore lint Dockerfile",
                &[IMAGE_FILES],
            ),
            from(
                "only in a container: it was started before the upgrade",
                "make the container again",
                &[CONTAINER_STALE],
            ),
        ],
    ),
    symptom(
        "nvml-unknown",
        Library,
        &["Failed to initialize NVML: Unknown Error", "nvml error: unknown error"],
        "NVML could not open the device nodes: the container's device rules forbid it",
        &[
            from(
                "after hours: `systemctl daemon-reload` or `docker update` rewrote the rules, and runc did not know the nodes",
                "make the container again with --device nvidia.com/gpu=all (CDI)",
                &[RELOAD_LOSS, CONTAINER_NODES],
            ),
            from(
                "from the start: `no-cgroups = true` with a rootful daemon",
                "set no-cgroups = false in /etc/nvidia-container-runtime/config.toml",
                &[TOOLKIT_CONFIG],
            ),
        ],
    ),
    symptom(
        "nvml-permissions",
        Library,
        &[
            "Failed to initialize NVML: Insufficient Permissions",
            "nvml error: insufficient permissions",
            "ERROR_NO_PERMISSION",
            "nvml: Insufficient Permissions",
            "fatalnvml: Insufficient Permissions",
        ],
        "the device nodes are there and may not be opened",
        &[
            from(
                "SELinux forbids it to containers",
                "sudo setsebool -P container_use_devices=on, or --security-opt=label=disable",
                &[DEVICE_MODE],
            ),
            from(
                "the nodes belong to a group (NVreg_DeviceFileGID, VirtualGL)",
                "podman: --group-add keep-groups; else set the nodes to mode 0666",
                &[DEVICE_MODE],
            ),
        ],
    ),
    symptom(
        "nvml-blocked",
        Library,
        &["GPU access blocked by the operating system"],
        "on WSL2: a Linux driver stands in the way of the driver of Windows",
        &[
            from(
                "packages of a Linux driver are installed in WSL",
                "remove libnvidia-compute-* and nvidia-utils-* in WSL; keep the toolkit",
                &[WSL_LINUX_DRIVER],
            ),
            from(
                "the driver of Windows is too old, or the container has no /usr/lib/wsl",
                "update the driver in Windows; wsl --shutdown",
                &[WSL_DRIVER],
            ),
        ],
    ),
    symptom(
        "nvml-not-found",
        Library,
        &[
            "Failed to initialize NVML: ERROR_LIBRARY_NOT_FOUND",
            "could not load NVML library: libnvidia-ml.so.1: cannot open shared object file",
            "libnvidia-ml.so.1: cannot open shared object file",
            "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system",
            "NVML Shared Library Not Found",
            "could not load NVML library",
        ],
        "there is no driver library where the program looks: the container got no GPU, or the host has no driver",
        &[
            from(
                "the container was started without a GPU",
                "add --gpus all, or --device nvidia.com/gpu=all",
                &[],
            ),
            from(
                "in Kubernetes: the pod does not use the runtime nvidia",
                "set runtimeClassName: nvidia, or make it the default",
                &[CRI_RUNTIME],
            ),
            from("on the host: no driver is installed", "longshore doctor", &[MODULE_LOADED, VERSION_SKEW]),
        ],
    ),
    symptom(
        "no-devices-found",
        Library,
        &["No devices were found"],
        "the driver is loaded and accepts none of the GPUs",
        &[
            from(
                "a new GPU (Blackwell) needs the open kernel modules",
                "install the `-open` variant of the driver",
                &[MODULE_LOADED],
            ),
            from(
                "the GPU is too old for this branch of the driver",
                "sudo dmesg | grep -i 'legacy'; install the branch that it names",
                &[],
            ),
            from(
                "the GPU has fallen off the bus, or is held by vfio-pci",
                "sudo dmesg | grep -i xid",
                &[NVML, BOUND_ELSEWHERE],
            ),
            from("all GPUs are in MIG mode without instances", "nvidia-smi mig -lgi", &[MIG_STATE]),
        ],
    ),
    symptom(
        "gpu-lost",
        Library,
        &[
            "GPU is lost",
            "Unable to determine the device handle for GPU",
            "nvml error: gpu requires reset",
            "GPU requires reset",
            "detection error: nvml error: gpu is lost",
            "ERROR_GPU_IS_LOST",
            "Unable to determine the device handle for GPU*: Unknown Error",
            "Unable to determine the device handle for GPU*: Not Found",
        ],
        "a GPU no longer answers",
        &[
            from(
                "it has fallen off the bus or waits for a reset",
                "sudo dmesg | grep -i xid; drain the machine, nvidia-smi --gpu-reset or reboot",
                &[NVML],
            ),
            from("power, heat or the slot", "check the hardware when it comes back after a reboot", &[]),
            from(
                "`Unknown Error` in a VM: a GeForce whose driver sees the hypervisor (before driver 465)",
                "<kvm><hidden state='on'/></kvm> in the VM's definition, or a newer driver",
                &[],
            ),
        ],
    ),
    symptom(
        "sandboxutils",
        Library,
        &["ERROR: init 243 result=9", "ERROR: init 250 result=11"],
        "a library of the driver (nvsandboxutils) failed inside of the toolkit",
        &[from(
            "driver 565, or a root that is read-only",
            "set features.disable-nvsandboxutils = true for the original toolkit; longshore does not load that library",
            &[],
        )],
    ),
    symptom(
        "nvml-too-old",
        Library,
        &["undefined symbol: nvml*", "nvml error: function not found", "NVML: Function Not Found"],
        "the program asks NVML for a function that this driver's NVML does not have",
        &[from(
            "the driver is older than the program, or another libnvidia-ml comes first",
            "nvidia-smi says the driver's version; take copies of libnvidia-ml out of the image",
            &[VERSION_SKEW, IMAGE_FILES],
        )],
    ),
    symptom(
        "mig-permission",
        Library,
        &[
            "Failed to display compute instances: Insufficient Permissions",
            "Failed to display GPU instances: Insufficient Permissions",
            "Unable to create a GPU instance * Insufficient Permissions",
        ],
        "MIG instances are shown and made by the administrator only, on a GPU in MIG mode",
        &[
            from(
                "nvidia-smi mig needs root, in a container also NVIDIA_MIG_CONFIG_DEVICES=all",
                "sudo nvidia-smi mig -lgi on the host",
                &[],
            ),
            from("the GPU is not in MIG mode", "sudo nvidia-smi -i GPU -mig 1", &[MIG_STATE]),
        ],
    ),
    symptom(
        "gpu-reset-refused",
        Library,
        &[
            "The following GPUs could not be reset",
            "error resetting all GPUs: exit status",
            "GPU Reset couldn't run because",
            "GPU *: In use by another client",
        ],
        "the GPU cannot be reset, nor its MIG mode changed, while something has it open",
        &[from(
            "a program, a monitor (DCGM, the device plugin), the display or nvidia_drm still uses it",
            "sudo fuser -v /dev/nvidia*; stop what it lists; sudo rmmod nvidia_drm nvidia_modeset; or reboot",
            &[],
        )],
    ),
    wrapper(
        "nvml-init-failed",
        Library,
        &["Failed to initialize NVML"],
        "the driver's library NVML could not start; the word after it says why",
        &[
            from(
                "the container was started without a GPU",
                "add --gpus all (podman: --device nvidia.com/gpu=all)",
                &[],
            ),
            from(
                "the driver of the host does not answer",
                "longshore doctor",
                &[NVML, VERSION_SKEW, MODULE_LOADED],
            ),
        ],
    ),
];
