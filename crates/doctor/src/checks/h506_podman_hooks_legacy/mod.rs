//! H506: does podman inject the GPU twice?

use crate::codes::PODMAN_HOOK;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let podman = match facts.podman.as_result() {
        Ok(podman) => podman,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let Some(hook) = podman.old_hooks.first() else {
        return Outcome::Fine("only CDI injects".to_owned());
    };
    let message = format!("{hook} injects the GPU a second time, beside CDI");
    let finding = Finding::new(PODMAN_HOOK, Severity::Warning, message)
        .evidence("its file calls the toolkit's prestart hook");
    Outcome::Found(vec![finding])
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let hook = facts.podman.known()?.old_hooks.first()?;
    Some(Remedy::asking(format!("sudo rm {hook}"), "podman's hooks").as_root())
}
