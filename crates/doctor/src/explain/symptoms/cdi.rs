//! CDI: specifications that are missing, broken, refused or stale.

use crate::codes::*;
use crate::explain::Speaker::{Engine, Toolkit};
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "cdi-unresolvable",
        Engine,
        &[
            "unresolvable CDI devices nvidia.com/gpu",
            "unresolvable CDI devices nvidia.com",
            "setting up CDI devices: unresolvable CDI devices",
            "unresolvable CDI devices",
        ],
        "the engine knows no CDI device of that name",
        &[
            from(
                "there is no specification",
                "sudo nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml",
                &[CDI_PRESENT],
            ),
            from(
                "the engine looks in other directories (rootless, NixOS)",
                "longshore doctor -v",
                &[CDI_DIRECTORIES, ROOTLESS],
            ),
            from(
                "the specification's cdiVersion is newer than the engine knows; podman 4 skips it without a word",
                "sudo longshore cdi generate writes the lowest version that does",
                &[CDI_VERSION],
            ),
            from(
                "it is broken, or two files define the device",
                "longshore doctor",
                &[CDI_VALID, CDI_CONFLICT],
            ),
            from("this user may not read it (mode 0600)", "sudo chmod a+r FILE", &[CDI_PERMISSION]),
            from(
                "MIG or GPUs changed since it was made",
                "sudo nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml",
                &[CDI_STALE, MIG_STATE],
            ),
        ],
    ),
    symptom(
        "cdi-management",
        Engine,
        &["unresolvable CDI devices management.nvidia.com/gpu"],
        "a pod of the runtime class nvidia-cdi asks for devices that its specification does not have",
        &[from(
            "the management specification has only the device `all`",
            "give NVIDIA_VISIBLE_DEVICES=all to management pods only; use the runtime class nvidia for others",
            &[],
        )],
    ),
    symptom(
        "cdi-stat-device",
        Engine,
        &["failed to stat CDI host device", "failed to inject devices: failed to stat CDI host device"],
        "the specification names a device node that is no longer there",
        &[
            from(
                "/dev/dri was renumbered (another graphics chip, module order)",
                "sudo nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml",
                &[CDI_STALE],
            ),
            from("a GPU or its nodes are gone", "longshore doctor", &[DEVICE_NODES, CDI_STALE]),
        ],
    ),
    symptom(
        "cdi-empty-edits",
        Toolkit,
        &["invalid device, empty device edits"],
        "a GPU without a device node made the whole specification fail",
        &[from(
            "its node is missing",
            "sudo nvidia-ctk system create-device-nodes --control-devices --load-kernel-modules",
            &[DEVICE_NODES],
        )],
    ),
    symptom(
        "cdi-refresh-failed",
        Toolkit,
        &[
            "nvidia-cdi-refresh.service: Failed with result",
            "nvidia-cdi-refresh * failed to initialize NVML",
            "Failed to start nvidia-cdi-refresh.service",
            "nvidia-cdi-refresh.service: Start request repeated too quickly",
        ],
        "the service that makes the CDI specification failed",
        &[
            from(
                "at boot it ran before the module was loaded",
                "sudo systemctl reset-failed nvidia-cdi-refresh && sudo systemctl restart nvidia-cdi-refresh",
                &[CDI_PRESENT, MODULE_LOADED],
            ),
            from("the driver does not answer", "longshore doctor", &[NVML, VERSION_SKEW]),
        ],
    ),
    symptom(
        "cdi-conflict",
        Engine,
        &["conflicting device * (specs", "conflicting device \"nvidia.com/gpu"],
        "two specifications define one device, so engines use neither",
        &[from(
            "one file in the same directory is left over",
            "ls /etc/cdi /var/run/cdi; remove the older file",
            &[CDI_CONFLICT],
        )],
    ),
    symptom(
        "cdi-version",
        Engine,
        &[
            "invalid CDI Spec: unsupported spec version",
            "failed to load CDI Spec * invalid version",
            "invalid cdiVersion",
        ],
        "the engine does not know the version of the specification",
        &[from(
            "the engine's CDI library is older than the file",
            "sudo longshore cdi generate writes the lowest version that does",
            &[CDI_VERSION],
        )],
    ),
    symptom(
        "mig-not-supported",
        Toolkit,
        &[
            "cannot set both NVIDIA_VISIBLE_DEVICES and",
            "failed to get device minor for MIG",
            "error * CDI device names for MIG devices",
            "no MIG devices",
        ],
        "MIG and the specification do not agree",
        &[from(
            "MIG was partitioned anew",
            "sudo nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml",
            &[MIG_STATE, CDI_STALE],
        )],
    ),
    symptom(
        "cdi-could-not-locate",
        Toolkit,
        &[
            "Could not locate * pattern * not found * ERROR_LIBRARY_NOT_FOUND",
            "failed to locate libcuda.so",
            "failed to get driver version: * libcuda.so",
            "could not find libcuda.so",
        ],
        "the toolkit found no driver where it looks",
        &[
            from(
                "the driver is in another root",
                "nvidia-ctk cdi generate --driver-root=ROOT",
                &[DRIVER_ROOT],
            ),
            from("the loader cache is old", "sudo ldconfig", &[LOADER_CACHE]),
            from("no driver is installed", "longshore doctor", &[MODULE_LOADED]),
        ],
    ),
    symptom(
        "cdi-broken",
        Engine,
        &[
            "failed to parse CDI Spec",
            "failed to read CDI Spec",
            "invalid CDI Spec",
            "failed to load CDI Spec",
        ],
        "a file in the directories of CDI cannot be read as a specification",
        &[
            from(
                "it was cut short, edited by hand, or holds the messages of the command that wrote it",
                "sudo nvidia-ctk cdi generate --output=FILE makes it again; longshore cdi list says what is wrong",
                &[CDI_VALID],
            ),
            from(
                "its version is newer than the engine knows",
                "sudo longshore cdi generate writes the lowest version that does",
                &[CDI_VERSION],
            ),
        ],
    ),
    symptom(
        "buildah-cdi",
        Engine,
        &[
            "getting info of source device nvidia.com/gpu",
            "getting info of source device nvidia.com/gpu=* stat nvidia.com/gpu=*: no such file or directory",
        ],
        "`buildah` or `podman build` took the name of a CDI device for a path",
        &[
            from(
                "buildah is older than 1.36, the first that knows CDI (podman 5.1)",
                "buildah --version; a newer one, or move the step from the build to the run",
                &[],
            ),
            from(
                "the build runs where there is no specification (in a container, as another user)",
                "mount /etc/cdi and /var/run/cdi there too",
                &[CDI_PRESENT, CDI_DIRECTORIES, CDI_PERMISSION],
            ),
        ],
    ),
];
