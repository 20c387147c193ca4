//! Engines that do not start, or do not accept what they are told.

use crate::codes::*;
use crate::explain::Speaker::{Client, Engine};
use crate::explain::{Symptom, from, symptom};

pub(super) const ALL: &[Symptom] = &[
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
];
