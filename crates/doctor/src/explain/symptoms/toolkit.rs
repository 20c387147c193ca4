//! The toolkit's programs: missing, misled, or of another version than their caller.

use crate::codes::*;
use crate::explain::Speaker::{Library, Runtime, Toolkit};
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "hook-not-found",
        Toolkit,
        &[
            "exec: \"nvidia-container-runtime-hook\": executable file not found",
            "inject NVIDIA hook: stat * nvidia-container-runtime-hook: no such file or directory",
            "inject NVIDIA hook: stat *: no such file or directory",
        ],
        "the toolkit's hook, nvidia-container-runtime-hook, is not there or not in the daemon's PATH",
        &[
            from(
                "only a part of the toolkit is installed, or it was removed",
                "install nvidia-container-toolkit (it has the hook), then sudo systemctl restart docker",
                &[TOOLKIT_PRESENT, TWO_TOOLKITS],
            ),
            from(
                "it is in a directory that the daemon's PATH lacks",
                "longshore doctor -v; or its full path as nvidia-container-runtime-hook.path in config.toml",
                &[HOOK_PATH],
            ),
        ],
    ),
    symptom(
        "start-ordinal",
        Toolkit,
        &["initialization error: cuda error: invalid device ordinal"],
        "the driver did not start a GPU while the toolkit asked it; it is not the number of the request",
        &[
            from(
                "a GPU is in a bad state: too little power, or modules that were loaded anew under it",
                "nvidia-smi on the host; sudo dmesg | grep -iE 'nvrm|xid'; reboot",
                &[NVML, GPU_LOST, VERSION_SKEW],
            ),
            from(
                "libnvidia-container before 1.1 starts CUDA on the host, newer ones do not",
                "upgrade the toolkit",
                &[],
            ),
        ],
    ),
    symptom(
        "imex-channel-all",
        Toolkit,
        &["error parsing IMEX info: unsupported IMEX channel value", "unsupported IMEX channel value: all"],
        "the toolkit takes the list of GPUs for a list of IMEX channels",
        &[
            from(
                "toolkit 1.17.0 does so with images that have no NVIDIA_REQUIRE_CUDA",
                "upgrade the toolkit (the GPU operator brings its own)",
                &[],
            ),
            from(
                "until then",
                "-e NVIDIA_IMEX_CHANNELS= when it is started, or NVIDIA_REQUIRE_CUDA in the image",
                &[],
            ),
        ],
    ),
    symptom(
        "nerdctl-template",
        Toolkit,
        &["template: oci-hook:1: unexpected", "containerd: template: oci-hook:1"],
        "containerd's helper for nerdctl and ctr reads environment variables as templates, and one of them is none",
        &[
            from(
                "a variable of the shell holds `{{` (TERMCAP of GNU screen)",
                "env | grep '{{'; unset it and start again",
                &[],
            ),
            from("the old way of `--gpus`", "nerdctl run --device nvidia.com/gpu=all (CDI)", &[CDI_PRESENT]),
        ],
    ),
    symptom(
        "runtime-name-as-program",
        Runtime,
        &["exec: \"nvidia\": executable file not found"],
        "nerdctl or ctr took `nvidia` for the name of a program; only Docker and CRI have names for runtimes",
        &[from(
            "`--runtime nvidia` outside of Docker",
            "nerdctl run --gpus all, or --device nvidia.com/gpu=all; else --runtime /usr/bin/nvidia-container-runtime",
            &[],
        )],
    ),
    symptom(
        "modprobe-option",
        Library,
        &["nvidia-modprobe: unrecognized option"],
        "nvidia-modprobe is older than what calls it",
        &[from(
            "it is of another release than the driver (`-i` makes IMEX channels)",
            "install nvidia-modprobe of the driver's version",
            &[VERSION_SKEW],
        )],
    ),
];
