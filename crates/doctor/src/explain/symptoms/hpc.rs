//! Enroot, Pyxis and LXC: launchers that call the toolkit's programs in hooks of their own.

use crate::codes::*;
use crate::explain::Speaker::{Client, Runtime};
use crate::explain::{Symptom, from, symptom, wrapper};

pub(super) const ALL: &[Symptom] = &[
    wrapper(
        "enroot-hook-failed",
        Runtime,
        &["98-nvidia.sh exited with return code"],
        "Enroot's hook for GPUs failed; the message of nvidia-container-cli stands before it",
        &[from(
            "the line with `nvidia-container-cli:` before this one",
            "paste it here too; longshore doctor on the node",
            &[TOOLKIT_PRESENT, NVML],
        )],
    ),
    wrapper(
        "pyxis-start-failed",
        Runtime,
        &[
            "pyxis: container start failed",
            "pyxis: couldn't start container",
            "spank: required plugin spank_pyxis.so: task_init() failed",
        ],
        "Slurm's plugin Pyxis could not start the container; its log follows",
        &[from("the lines after `printing contents of log file`", "paste all of the log", &[])],
    ),
    symptom(
        "pyxis-not-installed",
        Client,
        &["SPANK plugin \"pyxis\" option * not found"],
        "a node of the job does not have Slurm's plugin Pyxis",
        &[from(
            "it is installed on the login node only, or on the compute nodes only",
            "install it, with plugstack.conf, on both",
            &[],
        )],
    ),
    symptom(
        "pyxis-seccomp",
        Runtime,
        &["pyxis: seccomp filter failed: Function not implemented"],
        "the kernel has no seccomp filters, which Enroot needs to act as root without being it",
        &[from(
            "CONFIG_SECCOMP_FILTER is off",
            "grep SECCOMP /boot/config-$(uname -r); a kernel of the distribution",
            &[],
        )],
    ),
    wrapper(
        "lxc-hook-failed",
        Runtime,
        &["Failed to run mount hooks", "lxc_setup: * Failed to run mount hooks"],
        "a mount hook of the LXC guest failed; for GPUs it calls nvidia-container-cli",
        &[
            from(
                "the guest is privileged, or the hook's program is missing",
                "an unprivileged guest; nvidia-container-cli on the host",
                &[],
            ),
            from("the hook said why", "lxc-start -F -l DEBUG -o /tmp/lxc.log of that guest", &[]),
        ],
    ),
];
