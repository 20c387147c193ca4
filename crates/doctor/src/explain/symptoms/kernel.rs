//! The kernel's log.

use crate::codes::*;
use crate::explain::Speaker::Kernel;
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "api-mismatch",
        Kernel,
        &[
            "NVRM: API mismatch: the client has the version",
            "API mismatch: the client has the version * but this kernel module has the version",
        ],
        "a library of another version than the loaded module asked it",
        &[
            from("packages were upgraded under the loaded module", "sudo reboot", &[VERSION_SKEW]),
            from("a container with driver files of its own", "remove them from the image", &[IMAGE_FILES]),
        ],
    ),
    symptom(
        "key-rejected",
        Kernel,
        &[
            "could not insert 'nvidia': Key was rejected by service",
            "Key was rejected by service",
            "Loading of unsigned module is rejected",
            "Loading of module with unavailable key is rejected",
            "could not insert * Required key not available",
            "module verification failed: signature and/or required key missing",
        ],
        "Secure Boot does not accept the module's signature",
        &[from(
            "the key of the machine's owner is not enrolled",
            "enrol the key (mokutil --import) or install the signed modules of the distribution",
            &[MODULE_LOADED],
        )],
    ),
    symptom(
        "module-not-found",
        Kernel,
        &[
            "modprobe: FATAL: Module nvidia not found in directory",
            "modprobe: FATAL: Module nvidia-uvm not found",
            "ERROR: module not found: 'nvidia*",
        ],
        "there is no module for the running kernel",
        &[from(
            "the kernel was upgraded and the module was not built",
            "install the kernel's headers; sudo dkms autoinstall",
            &[MODULE_LOADED],
        )],
    ),
    symptom(
        "nouveau-holds",
        Kernel,
        &[
            "The Nouveau kernel driver is currently in use",
            "NVRM: GPU * is already bound to nouveau",
            "conflicting * nouveau",
            "nouveau * failed to create kernel channel",
            "nouveau * unknown chipset",
        ],
        "nouveau holds the GPU",
        &[from(
            "it is not blacklisted, or the initial ram disk still has it",
            "blacklist nouveau, make the initial ram disk again, reboot",
            &[BOUND_ELSEWHERE],
        )],
    ),
    symptom(
        "open-required",
        Kernel,
        &[
            "requires use of the NVIDIA open kernel modules",
            "installed in this system requires use of the NVIDIA open kernel modules",
        ],
        "this GPU is served only by the open kernel modules",
        &[from(
            "the proprietary modules are installed",
            "install the `-open` variant of the driver, reboot",
            &[MODULE_LOADED],
        )],
    ),
    symptom(
        "legacy-gpu",
        Kernel,
        &[
            "is supported through the NVIDIA * Legacy drivers",
            "NVRM: The NVIDIA * GPU installed in this system is supported through",
        ],
        "this branch of the driver no longer serves this GPU",
        &[from("the GPU is older than the branch", "install the branch that the line names", &[])],
    ),
    symptom(
        "wsl-no-adapter",
        Kernel,
        &["WSL environment detected but no adapters were found", "no adapters were found"],
        "WSL shows no NVIDIA GPU",
        &[
            from(
                "the driver of Windows is missing or too old",
                "update the NVIDIA driver in Windows, then wsl --update and wsl --shutdown",
                &[WSL_DRIVER],
            ),
            from(
                "this is WSL 1, or the machine has no NVIDIA GPU",
                "wsl -l -v; wsl --set-version NAME 2",
                &[WSL_DRIVER],
            ),
        ],
    ),
    symptom(
        "wsl-no-libcuda",
        Kernel,
        &[
            "mount error: stat failed: /usr/lib/wsl/lib/libcuda.so.1",
            "/usr/lib/wsl/lib/libcuda.so.1: no such file",
            "/usr/lib/wsl/drivers: no such file",
        ],
        "WSL does not show the libraries of the driver of Windows",
        &[from(
            "the driver of Windows is missing, or /usr/lib/wsl is not mounted",
            "update the NVIDIA driver in Windows; wsl --shutdown",
            &[WSL_DRIVER],
        )],
    ),
];
