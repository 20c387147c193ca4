//! Package managers, on the host and in an image that is built.

use crate::codes::*;
use crate::explain::Speaker::Packages;
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "apt-signed-by",
        Packages,
        &["Conflicting values set for option Signed-By regarding source"],
        "two lists of packages name one source with different keys; all of apt is stopped",
        &[from(
            "lists from two generations of instructions",
            "grep -rl nvidia /etc/apt/sources.list.d, then remove the older file and run apt-get update",
            &[],
        )],
    ),
    symptom(
        "apt-key",
        Packages,
        &[
            "NO_PUBKEY",
            "InRelease' is not signed",
            "The following signatures couldn't be verified because the public key is not available",
            "repository * is not signed",
        ],
        "apt has no key for a source",
        &[
            from(
                "the keyring file was not fetched, or is another one than `signed-by` names",
                "fetch the key of the source again into the file that its list names, then apt-get update",
                &[],
            ),
            from(
                "a proxy answered with a page instead of the list",
                "look into the files of /etc/apt/sources.list.d",
                &[],
            ),
            from(
                "the user `_apt` may not read the keyring file (mode 640)",
                "sudo chmod 644 the file that `signed-by` names",
                &[],
            ),
        ],
    ),
    symptom(
        "apt-list-is-a-page",
        Packages,
        &[
            "# Unsupported distribution!",
            "Malformed entry 1 in list file * nvidia",
            "Type '<!doctype' is not known on line",
        ],
        "an error page was saved as a list of packages",
        &[from(
            "the address of the list does not know this distribution",
            "remove the file below /etc/apt/sources.list.d and write the generic `deb` list",
            &[],
        )],
    ),
    symptom(
        "apt-no-toolkit",
        Packages,
        &[
            "Unable to locate package nvidia-container-toolkit",
            "Unable to locate package nvidia-docker2",
            "No match for argument: nvidia-container-toolkit",
        ],
        "no source of packages has the toolkit",
        &[
            from(
                "the source was not added, or the update after it failed",
                "sudo apt-get update, and read its errors",
                &[],
            ),
            from("nvidia-docker2 is gone", "install nvidia-container-toolkit", &[]),
        ],
    ),
    symptom(
        "apt-no-release",
        Packages,
        &[
            "nvidia.github.io/* does not have a Release file",
            "The repository * does not have a Release file",
            "nvidia.github.io/* 404 Not Found",
        ],
        "the server has no list of packages at the address that apt was given",
        &[
            from(
                "the list names a distribution that NVIDIA no longer keeps apart, or has never had",
                "remove the lists with nvidia.github.io from /etc/apt/sources.list.d and write the generic `stable/deb` one",
                &[],
            ),
            from(
                "`$(ARCH)` was written into a file where apt does not fill it in",
                "write amd64 or arm64 in its place",
                &[],
            ),
            from("a proxy or a firewall stands between", "curl -I of the address that the line names", &[]),
        ],
    ),
    symptom(
        "pip-no-version",
        Packages,
        &[
            "Could not find a version that satisfies the requirement torch",
            "Could not find a version that satisfies the requirement tensorflow",
            "Could not find a version that satisfies the requirement onnxruntime-gpu",
            "Could not find a version that satisfies the requirement jaxlib",
            "No matching distribution found for torch",
            "No matching distribution found for tensorflow",
            "No matching distribution found for onnxruntime-gpu",
            "Because there is no version of torch",
        ],
        "the index has no wheel of that version for this Python and this machine",
        &[
            from(
                "versions with `+cu...` are on PyTorch's own index, not on PyPI",
                "pip install ... --index-url https://download.pytorch.org/whl/cu126 (or the one of that release)",
                &[],
            ),
            from(
                "the Python of the image is too new or too old for that release, or its architecture has no wheel",
                "longshore compat --package torch==VERSION",
                &[],
            ),
        ],
    ),
    symptom(
        "dnf-modular",
        Packages,
        &["filtered out by modular filtering", "is filtered out by modular filtering"],
        "dnf hides NVIDIA's packages, because a module stream of the driver is not chosen, or another one is",
        &[from(
            "no stream, or the wrong one, of nvidia-driver is enabled",
            "sudo dnf module reset nvidia-driver; sudo dnf module enable nvidia-driver:open-dkms",
            &[MODULE_LOADED],
        )],
    ),
    symptom(
        "kernel-headers-missing",
        Packages,
        &[
            "Unable to find a match: kernel-headers",
            "Unable to find a match: kernel-devel",
            "No package kernel-headers*available",
            "No package kernel-devel*available",
            "Unable to locate package linux-headers",
            "Could not resolve Linux kernel version",
            "filtering kernel * no precompiled modules available for version",
            "Could not find suitable Nvidia kernel module version for kernel",
        ],
        "the sources of packages have nothing for the kernel that runs",
        &[
            from(
                "the running kernel is older than what the repository keeps",
                "upgrade the kernel and reboot, then install the driver",
                &[MODULE_LOADED],
            ),
            from(
                "there are no ready-made modules for this kernel",
                "install the dkms flavour of the driver",
                &[MODULE_LOADED],
            ),
        ],
    ),
    symptom(
        "driver-in-container",
        Packages,
        &[
            "Unable to delete '*libnvidia*Device or resource busy",
            "Unable to delete '*libcuda*Device or resource busy",
            "cannot move '/usr/bin/nvidia-smi.dpkg-tmp'",
            "cannot move '/usr/bin/nvidia-*dpkg-tmp' * Device or resource busy",
        ],
        "a driver is installed inside a container, over the files that the toolkit mounts there",
        &[from(
            "the driver belongs to the host; the container gets its files when it starts",
            "leave the installer out; for more of its libraries: -e NVIDIA_DRIVER_CAPABILITIES=all",
            &[],
        )],
    ),
];
