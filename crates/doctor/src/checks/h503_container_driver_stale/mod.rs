//! H503: has the running container the driver that is loaded?

use crate::codes::CONTAINER_STALE;
use crate::facts::{Inside, Known};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let inside = match inside(facts) {
        Ok(inside) => inside,
        Err(outcome) => return outcome,
    };
    let Some(module) = facts.driver.known().and_then(|driver| driver.module_version.as_deref()) else {
        return Outcome::CannotTell("the version of the loaded module is not known".to_owned());
    };
    let other: Vec<&str> =
        inside.driver_versions.iter().map(String::as_str).filter(|version| *version != module).collect();
    if other.is_empty() && inside.removed.is_empty() {
        return Outcome::Fine(if inside.driver_versions.is_empty() {
            "no driver is mounted".to_owned()
        } else {
            module.to_owned()
        });
    }
    let message = format!(
        "the container was started before the driver was changed: it has {}, the module is {module}",
        if other.is_empty() { "files that are gone".to_owned() } else { other.join(", ") }
    );
    let proof =
        inside.removed.iter().map(|path| format!("{path} was removed on the host and is still mounted"));
    Outcome::Found(vec![
        proof.fold(Finding::new(CONTAINER_STALE, Severity::Error, message), Finding::evidence),
    ])
}

fn inside(facts: &Facts) -> Result<&Inside, Outcome> {
    match facts.subject.as_ref().map(Known::as_result) {
        Some(Ok(subject)) => match subject.inside.as_ref().map(Known::as_result) {
            Some(Ok(inside)) => Ok(inside),
            Some(Err(reason)) => Err(Outcome::CannotTell(reason.to_string())),
            None => Err(Outcome::DoesNotApply("an image has no inside that runs".to_owned())),
        },
        Some(Err(reason)) => Err(Outcome::CannotTell(reason.to_string())),
        None => Err(Outcome::DoesNotApply("no container was asked about (`--container`)".to_owned())),
    }
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(Remedy::asking("make the container again", "the container").restarting("the container"))
}
