//! H302: is the daemon's configuration file valid, and is it the one in force?

use crate::check::DOCKER;
use crate::codes::{DAEMON_DOWN, DAEMON_JSON};
use crate::facts::{DaemonJson, RuntimeEntry};
use crate::{Check, Facts, Layer, Remedy, serving};
use diag::{Finding, Outcome, Severity};

/// The check.
pub(super) const CHECK: Check = Check {
    code: DAEMON_JSON,
    name: "daemon-json",
    label: "configuration",
    layer: Layer::Engine,
    weight: Severity::Error,
    engines: DOCKER,
    explains: &[DAEMON_DOWN],
    blinds: &[],
    run,
    remedy,
    doc: include_str!("doc.md"),
};

fn run(facts: &Facts) -> Outcome {
    if let Some(why) = serving::place(facts).why_not_here() {
        return Outcome::CannotTell(why);
    }
    let configuration = match facts.configuration.as_result() {
        Ok(configuration) => configuration,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let path = &configuration.path;
    match &configuration.content {
        DaemonJson::Absent => Outcome::Fine(format!("{path} does not exist: all defaults")),
        DaemonJson::Broken { position } => Outcome::Found(vec![broken(facts, path, position)]),
        DaemonJson::Valid { runtimes, .. } => match not_in_force(facts, runtimes) {
            names if names.is_empty() => Outcome::Fine(valid(path, runtimes)),
            names => Outcome::Found(vec![stale(path, &names)]),
        },
    }
}

fn broken(facts: &Facts, path: &str, position: &str) -> Finding {
    let (severity, effect) = if serving::is_up(facts) {
        (Severity::Warning, "the daemon that runs will not start again with it")
    } else {
        (Severity::Error, "no daemon starts with it")
    };
    Finding::new(DAEMON_JSON, severity, format!("{path} is not valid JSON ({position}): {effect}"))
}

fn valid(path: &str, runtimes: &[RuntimeEntry]) -> String {
    let names: Vec<&str> = runtimes.iter().map(|runtime| runtime.name.as_str()).collect();
    if names.is_empty() {
        format!("{path} is valid")
    } else {
        format!("{path}: runtimes {}", names.join(", "))
    }
}

fn not_in_force<'a>(facts: &Facts, runtimes: &'a [RuntimeEntry]) -> Vec<&'a str> {
    let Some(answer) = serving::answer(facts) else { return Vec::new() };
    let names = runtimes.iter().map(|runtime| runtime.name.as_str());
    names.filter(|name| !answer.runtimes.iter().any(|known| known == name)).collect()
}

fn stale(path: &str, names: &[&str]) -> Finding {
    let message = format!(
        "{path} has the runtime `{}`, which the running daemon does not know yet",
        names.join("`, `")
    );
    Finding::new(DAEMON_JSON, Severity::Warning, message).evidence("GET /info does not list it")
}

fn remedy(facts: &Facts) -> Option<Remedy> {
    let configuration = facts.configuration.known()?;
    Some(match (&configuration.content, facts.daemon.known()) {
        (DaemonJson::Broken { position }, _) => Remedy::shown(
            format!("correct {} at {position}", configuration.path),
            "the file, and nothing until the daemon is started again",
        )
        .as_root(),
        (_, Some(daemon)) => Remedy::asking(
            format!("sudo kill -HUP {}", daemon.pid),
            "makes the daemon read its runtimes again; containers are not touched",
        )
        .as_root(),
        (_, None) => {
            Remedy::asking("sudo systemctl reload docker", "makes the daemon read its runtimes again")
                .as_root()
        }
    })
}
