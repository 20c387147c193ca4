//! H204: is the daemon old enough to lack `--gpus`?

use crate::codes::DISTRO_DOCKER_OLD;
use crate::{Facts, Remedy, serving};
use diag::{Finding, Outcome, Severity};

/// `--gpus` came with Docker 19.03.
const FIRST_WITH_GPUS: (u32, u32) = (19, 3);

pub(super) fn run(facts: &Facts) -> Outcome {
    if let Some(why) = serving::place(facts).why_not_here() {
        return Outcome::CannotTell(why);
    }
    let answer = match facts.engine.as_result().and_then(|engine| engine.answer.as_result()) {
        Ok(answer) => answer,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    match serving::version(&answer.version) {
        None => Outcome::CannotTell(format!("the version `{}` has no numbers", answer.version)),
        Some(version) if version < FIRST_WITH_GPUS => Outcome::Found(vec![
            Finding::new(
                DISTRO_DOCKER_OLD,
                Severity::Error,
                format!("Docker {} does not know `--gpus`, which came with 19.03", answer.version),
            )
            .evidence(format!("GET /info says ServerVersion {}", answer.version)),
        ]),
        Some(_) => Outcome::Fine(format!("Docker {}", answer.version)),
    }
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(
        Remedy::shown("upgrade Docker Engine to a supported version", "replaces the engine's packages")
            .as_root()
            .restarting("the daemon and, without live-restore, all containers"),
    )
}
