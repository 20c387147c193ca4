//! runc, crun and the shims: what stands around the message of the toolkit.

use crate::codes::*;
use crate::explain::Speaker::Runtime;
use crate::explain::{Symptom, from, symptom, wrapper};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "runtime-not-found",
        Runtime,
        &[
            "exec: \"nvidia-container-runtime\": executable file not found in $PATH",
            "fork/exec /usr/bin/nvidia-container-runtime: no such file or directory",
            "fork/exec * nvidia-container-runtime: exec format error",
            "exec: \"*nvidia-container-runtime\": stat * no such file or directory",
        ],
        "the program of the registered runtime is not there, or not for this machine",
        &[
            from(
                "the toolkit was removed and daemon.json still names it; as default runtime it stops every container",
                "install the toolkit again, or: sudo nvidia-ctk runtime configure --runtime=docker --remove",
                &[RUNTIME_BROKEN],
            ),
            from("it is not in the PATH of the daemon", "longshore doctor -v", &[RUNTIME_BROKEN, HOOK_PATH]),
            from(
                "it was built for another architecture, or its loader is missing",
                "file $(command -v nvidia-container-runtime)",
                &[],
            ),
        ],
    ),
    wrapper(
        "runtime-exit-status",
        Runtime,
        &[
            "nvidia-container-runtime did not terminate successfully: exit status",
            "nvidia-container-runtime did not terminate successfully",
            "nvidia-container-runtime did not terminate sucessfully",
        ],
        "the toolkit's runtime ended early; its own message stands before or after this one",
        &[
            from(
                "its configuration file does not parse",
                "nvidia-container-runtime --version; longshore doctor",
                &[TOOLKIT_CONFIG],
            ),
            from(
                "the low-level runtime that it calls is not runc",
                "look at `runtimes` in /etc/nvidia-container-runtime/config.toml",
                &[TOOLKIT_CONFIG],
            ),
            from("a library that it needs is missing", "ldd $(command -v nvidia-container-cli)", &[]),
        ],
    ),
    symptom(
        "low-level-runtime-gone",
        Runtime,
        &[
            "no runtime binary found from candidate list",
            "error constructing low-level runtime: error locating runtime",
        ],
        "the toolkit's runtime finds neither runc nor crun, to which it hands the container on",
        &[
            from(
                "Docker or containerd is not installed here (Docker Desktop has its own runc in its own machine)",
                "install docker-ce or containerd.io; with Docker Desktop nothing calls this program, and that is well",
                &[TOOLKIT_CONFIG],
            ),
            from(
                "runc stands in a directory that is not in the daemon's PATH",
                "set nvidia-container-runtime.runtimes = [\"/PATH/TO/runc\"] in config.toml",
                &[TOOLKIT_CONFIG],
            ),
        ],
    ),
    symptom(
        "runtime-unknown-flag",
        Runtime,
        &["unknown flag: --root * See 'docker --help'", "nvidia-container-runtime * unknown flag: --root"],
        "the toolkit's runtime calls the docker client where runc belongs",
        &[from(
            "the configured low-level runtime is a wrapper of docker (NixOS)",
            "set nvidia-container-runtime.runtimes = [\"runc\"]",
            &[TOOLKIT_CONFIG],
        )],
    ),
    wrapper(
        "hook-failed",
        Runtime,
        &[
            "error running prestart hook #0: exit status",
            "error running hook #0: error running hook",
            "error running createContainer hook #",
            "prestart hook * exit status",
            "error running hook: exit status 1",
        ],
        "a hook of the toolkit failed; its own message follows after `stdout:` or `stderr:`",
        &[
            from(
                "the hook said why in the lines that follow",
                "read the line after `stderr:`, or paste all of it here",
                &[],
            ),
            from("a hook program of a CDI specification is gone", "longshore doctor", &[CDI_HOOK]),
        ],
    ),
    wrapper(
        "crun-hook-failed",
        Runtime,
        &[
            "error executing hook * nvidia-container-runtime-hook * exit code",
            "error executing hook * nvidia-cdi-hook * exit code",
            "error executing hook * nvidia-ctk * exit code",
            "error executing hook * nvidia-container-toolkit * exit code",
        ],
        "a hook of the toolkit failed under crun, which keeps what the hook said to itself",
        &[
            from(
                "the CDI specification is older than the driver or the toolkit",
                "sudo nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml",
                &[CDI_STALE, CDI_HOOK],
            ),
            from("the hook says why under runc", "podman --runtime runc run ... shows its message", &[]),
            from("the old hook and CDI both act", "longshore doctor --engine podman", &[PODMAN_HOOK]),
        ],
    ),
    symptom(
        "mount-not-a-directory",
        Runtime,
        &["error mounting * libnvidia * not a directory", "error mounting * libcuda * not a directory"],
        "a file of the driver meets a directory of the same name, on the host or in the image",
        &[
            from(
                "an engine made an empty directory on the host where a file was to be mounted from",
                "longshore doctor; remove the empty directory, make the specification again",
                &[CDI_STALE],
            ),
            from("the image has a directory in its place", "remove it from the image", &[IMAGE_FILES]),
        ],
    ),
    symptom(
        "hook-program-gone",
        Runtime,
        &[
            "error running createContainer hook * no such file or directory",
            "fork/exec * nvidia-cdi-hook: no such file or directory",
            "fork/exec * nvidia-ctk: no such file or directory",
            "fork/exec * nvidia-container-runtime-hook: no such file or directory",
        ],
        "a CDI specification or the engine names a hook program that is not there",
        &[
            from(
                "the toolkit was removed or moved after the specification was made",
                "sudo nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml",
                &[CDI_HOOK],
            ),
            from("the engine runs in another root (snap, a container)", "longshore doctor", &[SNAP_DOCKER]),
        ],
    ),
    symptom(
        "mount-of-old-file",
        Runtime,
        &[
            "failed to fulfil mount request: open *.so*: no such file or directory",
            "error mounting * lib*.so.*: no such file or directory",
            "error stat'ing file *.so.*: no such file or directory",
            "crun: cannot stat `*nvidia*`: No such file or directory",
            "stat /usr/lib*nvidia*.so.*: no such file or directory",
            "cannot stat `*libEGL_nvidia.so",
        ],
        "a CDI specification mounts a file of a driver version that is no longer installed",
        &[from(
            "the driver was upgraded and the specification was not made again",
            "sudo nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml",
            &[CDI_STALE],
        )],
    ),
    wrapper(
        "oci-create-failed",
        Runtime,
        &[
            "OCI runtime create failed: runc create failed: unable to start container process",
            "failed to create shim task: OCI runtime create failed",
            "OCI runtime create failed",
        ],
        "the container could not be started; what follows says why",
        &[from("the line goes on, or the next one says why", "paste all of the message", &[])],
    ),
    wrapper(
        "log-json-missing",
        Runtime,
        &["unable to retrieve OCI runtime error (open *log.json: no such file or directory)"],
        "the runtime died before it could say why",
        &[from(
            "its program does not run",
            "nvidia-container-runtime --version",
            &[RUNTIME_BROKEN, TOOLKIT_CONFIG],
        )],
    ),
    symptom(
        "nodes-in-user-namespace",
        Runtime,
        &["error creating device nodes: mount /dev/nvidia*"],
        "a container in a user namespace gets device nodes by bind mounts, and this one failed",
        &[
            from(
                "CRI-O's userns-mode with an older runc",
                "leave the annotation userns-mode out for GPU pods; a newer runc or crun",
                &[],
            ),
            from("the node is gone on the host", "longshore doctor", &[DEVICE_NODES]),
        ],
    ),
    symptom(
        "runc-not-readable",
        Runtime,
        &["you have no read access to runc binary file"],
        "a user without root may not read runc's program file, which runc needs to copy itself",
        &[from(
            "the file's mode lacks `r` for others",
            "sudo chmod a+r $(command -v runc), or podman --runtime crun",
            &[],
        )],
    ),
    symptom(
        "exec-format",
        Runtime,
        &[
            "exec user process caused \"exec format error\"",
            "exec user process caused: exec format error",
            "standard_init_linux.go* exec format error",
            "unable to start container process: exec * exec format error",
        ],
        "the program in the image is for another architecture than this machine's",
        &[
            from(
                "an image for amd64 on an arm64 machine (Jetson, Grace, a Mac), or the other way round",
                "docker image inspect --format '{{.Architecture}}' IMAGE; uname -m; docker pull --platform linux/arm64 IMAGE",
                &[],
            ),
            from("a script without `#!` in its first line", "head -1 of the entrypoint", &[]),
        ],
    ),
];
