//! H202: does more than one Docker daemon answer on this machine?

use crate::codes::TWO_DAEMONS;
use crate::facts::Connection;
use crate::{Facts, Remedy, serving};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let sockets = match facts.sockets.as_result() {
        Ok(sockets) => sockets,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    if !serving::is_up(facts) {
        return Outcome::DoesNotApply("not even the client's own daemon answers".to_owned());
    }
    let live: Vec<&str> = sockets
        .iter()
        .filter(|seen| seen.connection == Connection::Accepted)
        .map(|seen| seen.path.as_str())
        .collect();
    if live.is_empty() {
        return Outcome::Fine("none on the usual sockets".to_owned());
    }
    let message = format!(
        "another daemon listens on {}: images, containers and settings are separate",
        live.join(", ")
    );
    let finding = Finding::new(TWO_DAEMONS, Severity::Note, message)
        .help("`sudo docker` and `docker` may talk to different ones: compare `docker context ls` with and without sudo");
    Outcome::Found(vec![finding])
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    None
}
