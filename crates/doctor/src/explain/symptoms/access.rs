//! Permissions and isolation.

use crate::codes::*;
use crate::explain::Speaker::{Kernel, Program, Toolkit};
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "selinux-avc",
        Kernel,
        &["avc: denied * comm=*nvidia", "avc: denied * xserver_misc_device_t", "avc: denied * /dev/nvidia"],
        "SELinux forbids containers to open the GPU's nodes",
        &[from(
            "the policy has no rule for it",
            "sudo setsebool -P container_use_devices=on, or --security-opt=label=disable for one container",
            &[DEVICE_MODE],
        )],
    ),
    symptom(
        "sees-all-gpus",
        Program,
        &[
            "NVIDIA_VISIBLE_DEVICES=all * see all GPUs",
            "can see all GPUs on the node",
            "sees all GPUs without requesting",
        ],
        "images set NVIDIA_VISIBLE_DEVICES=all, and the runtime believes them",
        &[from(
            "the runtime nvidia is the default, and the variable is accepted",
            "set accept-nvidia-visible-devices-envvar-when-unprivileged = false, and give devices by CDI or volume mounts",
            &[],
        )],
    ),
    symptom(
        "no-cgroups-both",
        Toolkit,
        &["no-cgroups * rootless * rootful"],
        "one file serves rootless and rootful engines, and each wants another value",
        &[from(
            "no-cgroups is one setting for all",
            "use CDI for the rootless engine and leave no-cgroups = false",
            &[ROOTLESS, TOOLKIT_CONFIG],
        )],
    ),
    symptom(
        "group-dropped",
        Program,
        &[
            "/dev/nvidia0: Permission denied",
            "/dev/nvidiactl: Permission denied",
            "/dev/nvidia-uvm: Permission denied",
            "open /dev/nvidia*: permission denied",
            "Permission denied: '/dev/nvidia",
        ],
        "the process may not open the GPU's nodes",
        &[
            from(
                "the nodes belong to a group that the process is not in",
                "podman: --group-add keep-groups; docker: --group-add GID",
                &[DEVICE_MODE],
            ),
            from(
                "the nodes' mode is not 0666",
                "ls -l /dev/nvidia*; NVreg_DeviceFileMode=0666",
                &[DEVICE_MODE],
            ),
        ],
    ),
];
