//! H203: is the daemon confined by snap, away from the programs of this machine?

use crate::check::DOCKER;
use crate::codes::{HOOK_PATH, RESTART_NEEDED, SNAP_DOCKER, TOOLKIT_PRESENT};
use crate::{Check, Facts, Layer, Remedy, serving};
use diag::{Finding, Outcome, Severity};

/// The check.
pub(super) const CHECK: Check = Check {
    code: SNAP_DOCKER,
    name: "snap-docker",
    label: "confinement",
    layer: Layer::Engine,
    weight: Severity::Error,
    engines: DOCKER,
    explains: &[TOOLKIT_PRESENT, HOOK_PATH, RESTART_NEEDED],
    blinds: &[],
    run,
    remedy,
    doc: include_str!("doc.md"),
};

fn run(facts: &Facts) -> Outcome {
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

fn remedy(_: &Facts) -> Option<Remedy> {
    Some(
        Remedy::shown(
            "install Docker Engine (package docker-ce or docker.io) and run `sudo snap disable docker`",
            "another engine takes over; images and containers of the snap stay with the snap",
        )
        .as_root()
        .restarting("all containers of the snap"),
    )
}
