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
    wrapper(
        "lxd-start-failed",
        Client,
        &["Failed to run: * forkstart"],
        "LXD or Incus could not start the guest; the guest's own log says why",
        &[from(
            "the guest's log",
            "incus info --show-log NAME (lxc info --show-log NAME), and paste it here",
            &[],
        )],
    ),
    symptom(
        "slurm-gres-file",
        Runtime,
        &["can't stat gres.conf file /dev/nvidia*"],
        "gres.conf names a GPU's node that this machine does not have, and slurmd does not start",
        &[
            from(
                "nothing has loaded the driver since boot, so its nodes are not there yet",
                "sudo nvidia-modprobe -c0 -u before slurmd (a drop-in of its unit)",
                &[DEVICE_NODES, MODULE_LOADED],
            ),
            from(
                "the machine has fewer GPUs, or its driver is broken",
                "nvidia-smi -L; correct gres.conf",
                &[NVML],
            ),
        ],
    ),
    symptom(
        "slurm-nvml",
        Runtime,
        &["We were configured to autodetect nvml functionality, but we weren't able to find that lib"],
        "gres.conf says AutoDetect=nvml, and this Slurm was built without NVML",
        &[
            from(
                "slurmd was built on a machine without the header and the library of NVML",
                "build it again with --with-nvml, or install the package of Slurm's NVML plugin (gpu_nvml.so)",
                &[],
            ),
            from(
                "it has to do without",
                "Name=gpu File=/dev/nvidia[0-7] in gres.conf in place of AutoDetect",
                &[],
            ),
        ],
    ),
    symptom(
        "slurm-gres-twice",
        Runtime,
        &["gres.conf duplicate records for gpu"],
        "gres.conf names the same GPUs twice",
        &[from(
            "AutoDetect=nvml stands beside lines with File=, or an include repeats them",
            "leave only one of the two ways for each node",
            &[],
        )],
    ),
];
