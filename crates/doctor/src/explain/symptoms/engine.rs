//! Engines that do not start, or do not accept what they are told.

use crate::codes::*;
use crate::explain::Speaker::{Client, Engine};
use crate::explain::{Symptom, from, symptom, wrapper};

pub(super) const ALL: &[Symptom] = &[
    symptom(
        "daemon-json-twice",
        Engine,
        &[
            "unable to configure the Docker daemon with file * the following directives are specified both as a flag and in the configuration file",
            "the following directives are specified both as a flag and in the configuration file",
            "unable to configure the Docker daemon with file * the following directives are specified as a flag and in the configuration file",
        ],
        "an option stands in daemon.json and on dockerd's command line; dockerd does not start with both",
        &[from(
            "the systemd unit or a drop-in starts dockerd with that option, mostly -H",
            "systemctl cat docker; take it out of one of the two (sudo systemctl edit docker)",
            &[DAEMON_JSON],
        )],
    ),
    symptom(
        "daemon-json-key",
        Engine,
        &[
            "unable to configure the Docker daemon with file * the following directives don't match any configuration option",
            "the following directives don't match any configuration option",
        ],
        "daemon.json has a key that this dockerd does not know",
        &[
            from(
                "the key is misspelt (`runtime` for `runtimes`)",
                "longshore doctor names it",
                &[DAEMON_JSON],
            ),
            from("Docker is older than the key", "docker version", &[DAEMON_JSON]),
        ],
    ),
    symptom(
        "daemon-json-kind",
        Engine,
        &[
            "unable to configure the Docker daemon with file * json: cannot unmarshal",
            "cannot unmarshal * into Go struct field Config",
        ],
        "a value of daemon.json is of another kind than dockerd takes",
        &[from(
            "a switch or a number stands in quotes, or the other way round",
            "longshore doctor names the key",
            &[DAEMON_JSON],
        )],
    ),
    symptom(
        "default-runtime-unknown",
        Engine,
        &["specified default runtime * does not exist"],
        "daemon.json names a default runtime that is registered nowhere; dockerd does not start",
        &[from(
            "the entry below `runtimes` is missing",
            "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker",
            &[DAEMON_JSON],
        )],
    ),
    symptom(
        "cri-default-runtime",
        Engine,
        &["no corresponding runtime configured in * default_runtime_name"],
        "containerd's default runtime is not configured, so its CRI does not load and no pod starts",
        &[from(
            "`default_runtime_name` says nvidia, and the table of that runtime is missing or not imported",
            "sudo nvidia-ctk runtime configure --runtime=containerd --set-as-default && sudo systemctl restart containerd",
            &[CRI_RUNTIME, CRI_IMPORTS],
        )],
    ),
    symptom(
        "daemon-json-broken",
        Engine,
        &["unable to configure the Docker daemon with file", "invalid character * looking for beginning of"],
        "daemon.json is not valid, so dockerd does not start",
        &[
            from(
                "a comma too many or too few, or a comment",
                "longshore doctor names line and column",
                &[DAEMON_JSON],
            ),
            from(
                "a key stands both in the file and on the command line",
                "systemctl cat docker, then remove one of the two",
                &[DAEMON_JSON],
            ),
        ],
    ),
    symptom(
        "cpu-of-many-specs",
        Engine,
        &["error refreshing the CDI cache", "failed to refresh CDI registry", "CDI registry refresh"],
        "the engine could not read some of the CDI specifications",
        &[
            from("a specification is broken or in conflict", "longshore doctor", &[CDI_VALID, CDI_CONFLICT]),
            from("the engine may not read it", "chmod a+r FILE", &[CDI_PERMISSION]),
        ],
    ),
    symptom(
        "desktop-not-wsl",
        Client,
        &["Hyper-V backend * GPU", "GPU support * WSL 2 backend"],
        "Docker Desktop gives a GPU only with the WSL 2 backend",
        &[from(
            "Docker Desktop runs on Hyper-V",
            "switch on `Use the WSL 2 based engine` in its settings",
            &[],
        )],
    ),
    symptom(
        "containerd-runtime-name",
        Engine,
        &["container.Runtime.Name must be set: invalid argument"],
        "the entry of the runtime lacks `runtime_type`",
        &[from(
            "a drop-in was written without it (toolkit 1.18 to 1.19)",
            "sudo nvidia-ctk runtime configure --runtime=containerd",
            &[CRI_RUNTIME],
        )],
    ),
    symptom(
        "template-braces",
        Engine,
        &["keys cannot contain { character", "toml: invalid character at start of key: {"],
        "a template of K3s or RKE2 was read as if it were the configuration",
        &[from(
            "config.toml.tmpl is a Go template",
            "K3s and RKE2 find the runtime nvidia by themselves: remove the template, restart the service",
            &[CRI_TEMPLATE],
        )],
    ),
    symptom(
        "no-space",
        Engine,
        &["no space left on device"],
        "the disk that holds the images is full; images for GPUs are large",
        &[from("old images and build caches", "docker system df; docker system prune", &[])],
    ),
    symptom(
        "snap-denied",
        Engine,
        &["apparmor=\"DENIED\" * snap.docker"],
        "the confinement of the snap package forbade Docker something",
        &[from(
            "Docker from snap sees only parts of the host",
            "install docker-ce or docker.io in place of the snap",
            &[SNAP_DOCKER],
        )],
    ),
    symptom(
        "build-without-gpu",
        Client,
        &["process \"/bin/sh -c nvidia-smi* did not complete successfully"],
        "a step of `docker build` asks for the GPU: BuildKit gives none by default",
        &[
            from(
                "a build sees neither driver nor nvidia-smi",
                "move the check to the start of the container (ENTRYPOINT, HEALTHCHECK)",
                &[],
            ),
            from(
                "the step really needs it",
                "docker buildx build --allow device with RUN --device=nvidia.com/gpu=all",
                &[],
            ),
        ],
    ),
    symptom(
        "containerd-down",
        Engine,
        &[
            "dial unix /run/containerd/containerd.sock: connect",
            "dial unix /run/k3s/containerd/containerd.sock: connect",
        ],
        "nobody listens on containerd's socket",
        &[
            from(
                "containerd is being restarted: the GPU operator and `nvidia-ctk runtime configure` do so",
                "systemctl status containerd; it comes back by itself",
                &[DAEMON_DOWN],
            ),
            from(
                "its configuration does not parse since a change",
                "journalctl -u containerd; containerd config dump",
                &[CRI_RUNTIME, CRI_IMPORTS],
            ),
        ],
    ),
    symptom(
        "toml-integer",
        Engine,
        &["cannot load TOML value of type string into a Go integer"],
        "a number in containerd's configuration stands in quotes, so containerd does not start",
        &[from(
            "`version = \"2\"` in /etc/containerd/config.toml or in a file that it imports",
            "write version = 2 without quotes, then sudo systemctl restart containerd",
            &[CRI_RUNTIME, CRI_IMPORTS],
        )],
    ),
    wrapper(
        "docker-start-failed",
        Engine,
        &[
            "Job for docker.service failed because the control process exited",
            "docker.service: Failed with result 'exit-code'",
        ],
        "dockerd did not start; its own message is in the journal",
        &[
            from("daemon.json is not valid", "longshore doctor; journalctl -u docker -n 30", &[DAEMON_JSON]),
            from("another reason", "journalctl -u docker -n 30, and paste it here", &[DAEMON_DOWN]),
        ],
    ),
    symptom(
        "gpus-all-as-image",
        Engine,
        &[
            "pull access denied for all, repository does not exist",
            "pull access denied for all, repository does not exist * requested access to the resource is denied",
        ],
        "Docker took the word `all` for the name of an image",
        &[from(
            "the option before it takes no value, or there is a space or a wrong dash before it",
            "docker run --rm --gpus all IMAGE nvidia-smi",
            &[],
        )],
    ),
];
