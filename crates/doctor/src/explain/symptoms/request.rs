//! The request does not reach the toolkit: client and daemon.

use crate::codes::*;
use crate::explain::Speaker::{Client, Engine};
use crate::explain::{Symptom, from, symptom};

/// What makes a Docker daemon refuse `--gpus`: the same causes for each wording of it.
macro_rules! no_device_driver {
    () => {
        &[
            from(
                "the toolkit is not installed, so dockerd found no hook when it started",
                "longshore doctor",
                &[TOOLKIT_PRESENT],
            ),
            from(
                "it was installed after dockerd had started, which looks only then",
                "sudo systemctl restart docker",
                &[RESTART_NEEDED],
            ),
            from(
                "the client talks to another daemon: Docker Desktop, a remote or a rootless one",
                "docker context ls; docker context use default",
                &[DOCKER_CONTEXT, TWO_DAEMONS],
            ),
            from(
                "the hook is not in the PATH of dockerd itself (NixOS, archives, a service file with its own PATH)",
                "longshore doctor -v",
                &[HOOK_PATH],
            ),
            from(
                "Docker was installed by snap, which does not see the host's programs",
                "sudo snap remove docker, then install docker-ce or docker.io",
                &[SNAP_DOCKER],
            ),
        ]
    };
}

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "no-device-driver",
        Engine,
        &[
            "could not select device driver \"\" with capabilities",
            "could not select device driver with capabilities",
            "linux runtime spec devices: could not select device driver \"\"",
        ],
        "dockerd found no program that serves `--gpus` when it started; nothing of NVIDIA has run yet",
        no_device_driver!(),
    ),
    symptom(
        "no-device-driver-nvidia",
        Engine,
        &["could not select device driver \"nvidia\" with capabilities"],
        "Compose asked for `driver: nvidia`, and dockerd found no program that serves it when it started; the name is right",
        no_device_driver!(),
    ),
    symptom(
        "no-device-driver-cdi",
        Engine,
        &["could not select device driver \"cdi\" with capabilities"],
        "this dockerd has CDI switched off, or does not know it",
        &[
            from(
                "Docker 25 to 28.1 needs `features.cdi` in daemon.json",
                "set \"features\": {\"cdi\": true} in the daemon.json of that daemon, then restart it",
                &[CDI_ENABLED],
            ),
            from("Docker is older than 25", "docker version; install a newer Docker Engine", &[CDI_ENABLED]),
            from(
                "a rootless daemon reads ~/.config/docker/daemon.json, not /etc/docker/daemon.json",
                "longshore doctor",
                &[ROOTLESS],
            ),
        ],
    ),
    symptom(
        "no-gpu-vendor-in-cdi",
        Engine,
        &["failed to discover GPU vendor from CDI", "no known GPU vendor found"],
        "Docker 29 and later serve `--gpus` from CDI, and found neither a specification nor the hook",
        &[
            from(
                "there is no CDI specification for the GPUs",
                "sudo nvidia-ctk cdi generate --output=/var/run/cdi/nvidia.yaml",
                &[CDI_PRESENT, CDI_DIRECTORIES],
            ),
            from(
                "the toolkit is not installed, or came after dockerd's start",
                "longshore doctor",
                &[TOOLKIT_PRESENT, RESTART_NEEDED],
            ),
            from("the client talks to another daemon", "docker context use default", &[DOCKER_CONTEXT]),
        ],
    ),
    symptom(
        "unknown-runtime-nvidia",
        Engine,
        &[
            "unknown or invalid runtime name: nvidia",
            "Unknown runtime specified nvidia",
            "unknown runtime specified: nvidia",
            "runtime \"nvidia\" not found",
        ],
        "`nvidia` is not registered as a runtime in the daemon that was asked",
        &[
            from(
                "daemon.json has no entry for it, or another package has overwritten the file",
                "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker",
                &[DAEMON_JSON],
            ),
            from(
                "the entry is there and the daemon was not restarted",
                "sudo systemctl restart docker",
                &[DAEMON_JSON, RESTART_NEEDED],
            ),
            from(
                "a rootless, snap or Desktop daemon reads another daemon.json",
                "longshore doctor",
                &[ROOTLESS, SNAP_DOCKER, DOCKER_CONTEXT],
            ),
        ],
    ),
    symptom(
        "socket-permission",
        Client,
        &[
            "permission denied while trying to connect to the Docker daemon socket",
            "permission denied while trying to connect to the docker API at",
            "Got permission denied while trying to connect",
            "dial unix /var/run/docker.sock: connect: permission denied",
        ],
        "this user may not open the daemon's socket; it has nothing to do with the GPU",
        &[
            from(
                "the user was added to the group docker, but this session began before that",
                "log out and in again",
                &[SOCKET_PERMISSION],
            ),
            from(
                "the user is not in the group docker",
                "sudo usermod -aG docker \"$USER\" (gives rights like root's), then log in again",
                &[SOCKET_PERMISSION],
            ),
        ],
    ),
    symptom(
        "daemon-down",
        Client,
        &[
            "Cannot connect to the Docker daemon at",
            "Is the docker daemon running?",
            "failed to connect to the docker API at * check if the path is correct and if the daemon is running",
            "error during connect: this error may indicate that the docker daemon is not running",
            "open //./pipe/docker*: The system cannot find the file specified",
        ],
        "nobody listens on the socket that the client was told to use",
        &[
            from(
                "the daemon is stopped",
                "sudo systemctl start docker; journalctl -u docker",
                &[DAEMON_DOWN],
            ),
            from("daemon.json is not valid, so the daemon did not start", "longshore doctor", &[DAEMON_JSON]),
            from(
                "the client's context leads to a daemon that is gone (Docker Desktop)",
                "docker context use default",
                &[DOCKER_CONTEXT],
            ),
            from("Docker Desktop is not started (Windows, macOS)", "start it, and wait until it runs", &[]),
        ],
    ),
    symptom(
        "docker-unit-missing",
        Client,
        &["Unit docker.service not found", "Unit docker.service could not be found"],
        "systemd has no Docker service on this machine",
        &[
            from(
                "Docker is there in another form: from snap, as Docker Desktop, or without root",
                "sudo snap restart docker; or restart Docker Desktop; or systemctl --user restart docker",
                &[SNAP_DOCKER, DOCKER_CONTEXT, ROOTLESS],
            ),
            from("Docker Engine is not installed", "longshore setup --plan shows how", &[DAEMON_DOWN]),
        ],
    ),
    symptom(
        "device-flag-gone",
        Engine,
        &[
            "error gathering device information while adding custom device \"/dev/nvidia*\": no such file or directory",
            "error gathering device information while adding custom device \"/dev/nvidia*\": lstat",
        ],
        "`--device` or `devices:` names a node of the driver that this host does not have",
        &[
            from(
                "the driver's nodes were not made; /dev/nvidia-uvm comes with the first CUDA program only",
                "sudo nvidia-ctk system create-device-nodes --control-devices --load-kernel-modules",
                &[DEVICE_NODES, MODULE_LOADED],
            ),
            from("there are fewer GPUs than the request lists", "longshore gpus lists them", &[]),
            from(
                "nodes alone bring no libraries anyway",
                "--gpus all, or --device nvidia.com/gpu=all, in place of the list of nodes",
                &[],
            ),
        ],
    ),
    symptom(
        "credential-helper-gone",
        Client,
        &[
            "error getting credentials - err: exec: docker-credential-* executable file not found",
            "error getting credentials * docker-credential-desktop",
            "docker-credential-desktop.exe",
            "docker-credential-* not installed or not available in PATH",
            "docker-credential-secretservice * not found",
        ],
        "the client's configuration names a credential helper that is gone; no image can be pulled, GPU or not",
        &[from(
            "Docker Desktop was removed, or Windows programs are not in the PATH of WSL",
            "remove only the key `credsStore` (or that entry of `credHelpers`) from ~/.docker/config.json; keep `auths`",
            &[CREDENTIAL_RESIDUE],
        )],
    ),
    symptom(
        "credential-store-failed",
        Client,
        &[
            "error storing credentials - err",
            "Credentials store docker-credential-* exited with",
            "docker-credential-desktop.exe: Invalid argument",
            "no credentials server URL",
        ],
        "the program that keeps the client's logins failed; it has nothing to do with the GPU",
        &[
            from(
                "the helper cannot work in this session (no desktop, no Windows logon, no key ring)",
                "remove only the key `credsStore` from ~/.docker/config.json, keep `auths`, then docker login again",
                &[CREDENTIAL_RESIDUE],
            ),
            from(
                "Docker Desktop is not running, or was removed",
                "start it, or remove the key as above",
                &[CREDENTIAL_RESIDUE],
            ),
        ],
    ),
    symptom(
        "podman-gpus-ignored",
        Client,
        &[
            "podman * executable file `nvidia-smi` not found in $PATH",
            "crun: executable file `nvidia-smi` not found in $PATH",
        ],
        "the container was started without its GPU, so the driver's programs are not in it",
        &[
            from(
                "podman before 5.0 takes `--gpus` and does nothing",
                "podman run --device nvidia.com/gpu=all ...",
                &[CDI_PRESENT],
            ),
            from(
                "there is no CDI specification",
                "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",
                &[CDI_PRESENT],
            ),
        ],
    ),
    symptom(
        "nvidia-smi-not-in-container",
        Engine,
        &[
            "exec: \"nvidia-smi\": executable file not found in $PATH",
            "nvidia-smi: command not found",
            "nvidia-smi: not found",
            "executable file `nvidia-smi` not found in $PATH",
        ],
        "the container has no driver programs: nothing was injected, or not the capability `utility`",
        &[
            from(
                "the container was started without `--gpus`, `--runtime=nvidia` or a CDI device",
                "add --gpus all, or --device nvidia.com/gpu=all",
                &[],
            ),
            from(
                "NVIDIA_DRIVER_CAPABILITIES lacks `utility`",
                "set NVIDIA_DRIVER_CAPABILITIES=compute,utility",
                &[],
            ),
            from(
                "Docker from snap keeps the driver's programs out of PATH",
                "install docker-ce or docker.io in place of the snap",
                &[SNAP_DOCKER],
            ),
            from("podman before 5.0 ignores `--gpus`", "podman run --device nvidia.com/gpu=all ...", &[]),
            from("on the host itself: the driver is not installed", "longshore doctor", &[MODULE_LOADED]),
            from("an image on musl (Alpine) cannot run it", "use an image with glibc", &[]),
        ],
    ),
    symptom(
        "compose-cdi-podman",
        Engine,
        &["stat nvidia.com/gpu=*: no such file or directory", "container create: stat nvidia.com/gpu"],
        "podman took the name of a CDI device for a path: it is too old for CDI, or the request came as `driver: cdi`",
        &[
            from("podman is older than 4.1", "podman --version; install a newer one", &[CDI_VERSION]),
            from(
                "Compose's `driver: cdi` is not translated by podman",
                "write `devices: [nvidia.com/gpu=all]` in the Compose file",
                &[],
            ),
            from(
                "there is no CDI specification that podman can use",
                "longshore doctor --engine podman",
                &[CDI_PRESENT, CDI_VERSION, CDI_PERMISSION],
            ),
        ],
    ),
    symptom(
        "compose-schema",
        Client,
        &[
            "Additional property gpus is not allowed",
            "Unsupported config option * gpus",
            "Additional property devices is not allowed",
            "Additional property runtime is not allowed",
            "could not be parsed * capabilities is required",
            "reservations.devices.* capabilities is required",
            "Unsupported config option for services.*: 'runtime'",
            "Unsupported config option for services.*: 'deploy'",
            "missing property 'capabilities'",
            "Additional properties are not allowed ('devices' was unexpected)",
            "Additional properties are not allowed ('gpus' was unexpected)",
            "Additional properties are not allowed ('runtime' was unexpected)",
            "value 'devices' does not match any of the regexes",
        ],
        "Compose does not accept this way to ask for a GPU",
        &[
            from(
                "Compose is older than the key",
                "docker compose version; use deploy.resources.reservations.devices",
                &[],
            ),
            from(
                "the key stands at the wrong level, or `capabilities: [gpu]` is missing",
                "longshore lint compose.yaml",
                &[],
            ),
        ],
    ),
    symptom(
        "build-entitlement",
        Client,
        &["granting entitlement device is not allowed by build daemon configuration"],
        "BuildKit gives devices only when builder and command allow it",
        &[from(
            "the builder does not allow the entitlement `device`",
            "docker buildx build --allow device ... with a builder made with --buildkitd-flags '--allow-insecure-entitlement device'",
            &[],
        )],
    ),
    symptom(
        "gpus-flag-unknown",
        Client,
        &["unknown flag: --gpus", "unknown shorthand flag * --gpus", "unrecognized arguments: --gpus"],
        "this command does not know `--gpus`",
        &[
            from(
                "the client is older than 19.03",
                "docker version; install a newer Docker",
                &[DISTRO_DOCKER_OLD],
            ),
            from(
                "`docker build` and Compose's own commands have none",
                "a build needs --device nvidia.com/gpu=all; a service needs deploy.resources or `gpus: all`",
                &[],
            ),
        ],
    ),
    symptom(
        "gpus-syntax",
        Client,
        &[
            "invalid argument * for \"--gpus\" flag",
            "cannot set both Count and DeviceIDs on device request",
            "bad parameter: cannot set both Count and DeviceIDs",
        ],
        "the value of `--gpus` does not say what was meant: the shell took its quotes",
        &[from(
            "a list of GPUs needs two kinds of quotes, since a comma parts options",
            "--gpus '\"device=0,1\"'",
            &[],
        )],
    ),
    symptom(
        "client-too-old",
        Client,
        &["client version * is too old. Minimum supported API version is"],
        "the daemon no longer speaks the client's version of the API",
        &[from(
            "the program that calls Docker is too old for this Docker Engine",
            "upgrade that client; DOCKER_API_VERSION does not help below the minimum",
            &[],
        )],
    ),
    symptom(
        "manifest-unknown",
        Engine,
        &[
            "manifest unknown",
            "manifest for nvidia/cuda:* not found",
            "failed to resolve reference * not found",
        ],
        "the registry has no such tag",
        &[
            from(
                "`nvidia/cuda:latest` and tags without an operating system do not exist",
                "use a full tag such as nvidia/cuda:13.0.1-base-ubuntu24.04",
                &[],
            ),
            from("NVIDIA removed an old tag", "longshore compat --image REFERENCE", &[]),
        ],
    ),
    symptom(
        "registry-login",
        Engine,
        &[
            "unauthorized: authentication required",
            "unauthorized: <html>",
            "pull access denied for nvcr",
            "denied: requested access to the resource is denied",
            "Head \"https://nvcr.io/*: unauthorized",
            "nvcr.io/v2/*: denied",
            "failed to fetch anonymous token: unexpected status: 401",
            "unexpected status * nvcr.io * 401 Unauthorized",
            "denied: {\"errors\": [{\"code\": \"DENIED\"",
        ],
        "the registry wants a login; it has nothing to do with the GPU",
        &[
            from(
                "the image of NGC is gated or the key has expired",
                "docker login nvcr.io, user $oauthtoken, password: the API key",
                &[CREDENTIAL_RESIDUE],
            ),
            from("the name of the image is misspelt", "check the name of the image", &[]),
        ],
    ),
];
