//! H501: do GPUs survive a reload of systemd?

use crate::check::DOCKER;
use crate::codes::RELOAD_LOSS;
use crate::serving;
use crate::{Check, Facts, Layer, Remedy};
use diag::{Finding, Outcome, Severity};

/// The check.
pub(super) const CHECK: Check = Check {
    code: RELOAD_LOSS,
    name: "reload-loss",
    label: "daemon-reload",
    layer: Layer::Engine,
    weight: Severity::Note,
    engines: DOCKER,
    explains: &[],
    blinds: &[],
    run,
    remedy,
    doc: include_str!("doc.md"),
};

fn run(facts: &Facts) -> Outcome {
    let Some(answer) = serving::answer(facts) else {
        return Outcome::CannotTell("the daemon did not answer".to_owned());
    };
    if answer.cgroup_driver != "systemd" {
        return Outcome::DoesNotApply("systemd does not keep the containers' device rules".to_owned());
    }
    if facts.nodes.known().is_some_and(|nodes| nodes.char_links) || !serving::served_by_hook(facts) {
        return Outcome::Fine("GPUs survive it".to_owned());
    }
    let message =
        "a container that was started with `--gpus` loses its GPU at the next `systemctl daemon-reload`";
    let finding = Finding::new(RELOAD_LOSS, Severity::Note, message)
        .evidence("the daemon's cgroup driver is systemd, `--gpus` is served by the hook, and /dev/char/195:255 is not there")
        .help("--device nvidia.com/gpu=all (CDI) is not affected");
    Outcome::Found(vec![finding])
}

fn remedy(_: &Facts) -> Option<Remedy> {
    Some(
        Remedy::safe(
            "sudo nvidia-ctk system create-dev-char-symlinks --create-all",
            "links below /dev/char, until the next boot",
        )
        .as_root(),
    )
}
