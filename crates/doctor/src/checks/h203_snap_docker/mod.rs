//! H203: is the daemon confined by snap, away from the programs of this machine?

use crate::codes::SNAP_DOCKER;
use crate::{Facts, Remedy, serving};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    if let Some(why) = serving::place(facts).why_not_here() {
        return Outcome::CannotTell(why);
    }
    let program = match facts.daemon.as_result().and_then(|daemon| daemon.program.as_result()) {
        Ok(program) => program,
        Err(_) if facts.installed.known().is_some_and(|installed| !installed.snap) => {
            return Outcome::Fine("no snap of Docker is installed".to_owned());
        }
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    if !program.starts_with("/snap/") {
        return Outcome::Fine(format!("none: the daemon is {program}"));
    }
    let serving = facts.toolkit.known().and_then(|toolkit| serving::in_path(facts, toolkit));
    if serving.is_some_and(|programs| !programs.is_empty()) {
        return Outcome::Fine("a snap that brings its own hook".to_owned());
    }
    let message = "the daemon is the Docker snap, which does not see the toolkit of this machine";
    Outcome::Found(vec![
        Finding::new(SNAP_DOCKER, Severity::Error, message).evidence(format!("its program is {program}")),
    ])
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(
        Remedy::shown(
            "install Docker Engine (package docker-ce or docker.io) and run `sudo snap disable docker`",
            "another engine takes over; images and containers of the snap stay with the snap",
        )
        .as_root()
        .restarting("all containers of the snap"),
    )
}
