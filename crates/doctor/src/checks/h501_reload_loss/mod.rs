//! H501: do GPUs survive a reload of systemd?

use crate::codes::RELOAD_LOSS;
use crate::serving;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    if let Some(finding) = at_risk(facts) {
        return Outcome::Found(vec![finding]);
    }
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

/// Running containers whose GPU systemd does not know of.
fn at_risk(facts: &Facts) -> Option<Finding> {
    let scopes = &facts.nodes.known()?.scopes;
    let names: Vec<&str> =
        scopes.iter().filter(|scope| !scope.keeps_gpu).map(|scope| scope.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        let message = "containers that run now lose their GPUs at the next `systemctl daemon-reload`";
        Finding::new(RELOAD_LOSS, Severity::Note, message)
            .evidence(format!("no DeviceAllow line names a GPU in the unit of {}", names.join(", ")))
            .help("start them again with --runtime=nvidia, by CDI, or with the hook of this toolkit, which tells systemd")
    })
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(
        Remedy::asking(
            "sudo nvidia-ctk system create-dev-char-symlinks --create-all",
            "links below /dev/char, until the next boot",
        )
        .as_root(),
    )
}
