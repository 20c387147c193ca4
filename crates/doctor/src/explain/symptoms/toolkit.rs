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
    symptom(
        "cli-not-found",
        Toolkit,
        &[
            "exec: \"nvidia-container-cli\": executable file not found",
            "nvidia-container-cli: command not found",
            "nvidia-container-cli: no such file or directory",
        ],
        "the program that the old hook, containerd and nerdctl call for `--gpus` is not in their PATH",
        &[
            from(
                "its package is not installed, or only half of the toolkit is",
                "install nvidia-container-toolkit (with libnvidia-container-tools)",
                &[TOOLKIT_PRESENT],
            ),
            from(
                "the GPU operator keeps it in /usr/local/nvidia/toolkit",
                "PATH=$PATH:/usr/local/nvidia/toolkit, or ask by CDI: nerdctl run --device nvidia.com/gpu=all",
                &[],
            ),
        ],
    ),
    symptom(
        "ctk-not-found",
        Toolkit,
        &["nvidia-ctk: command not found", "nvidia-ctk: not found", "nvidia-cdi-hook: command not found"],
        "the toolkit's command line is not installed, or not in this PATH",
        &[
            from(
                "the package nvidia-container-toolkit is not installed",
                "longshore setup --plan shows how; or install the package",
                &[TOOLKIT_PRESENT],
            ),
            from(
                "it is older than 1.12, or of another machine's part (Docker Desktop, a driver container)",
                "run it where the engine runs",
                &[TOOLKIT_PRESENT, DOCKER_CONTEXT],
            ),
        ],
    ),
    symptom(
        "hook-verb",
        Toolkit,
        &["No help topic for 'prestart'", "No help topic for 'config'"],
        "the program that was called as the prestart hook is another one",
        &[from(
            "packages of the toolkit of different versions are mixed, or a link leads to the wrong program",
            "longshore doctor; install all of the toolkit from one repository",
            &[TWO_TOOLKITS],
        )],
    ),
    symptom(
        "symbol-lookup",
        Toolkit,
        &[
            "nvidia-container-cli: symbol lookup error",
            "libnvidia-container.so.1: cannot open shared object file",
            "nvidia-container-cli: unrecognized option",
        ],
        "packages of the toolkit are of different versions",
        &[from(
            "libnvidia-container1 and the tools do not fit together",
            "install all packages of the toolkit in one version",
            &[TWO_TOOLKITS],
        )],
    ),
];
