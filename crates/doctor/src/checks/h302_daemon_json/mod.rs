//! H302: is the daemon's configuration file valid, and is it the one in force?

use crate::codes::DAEMON_JSON;
use crate::facts::{DaemonJson, RuntimeEntry};
use crate::{Facts, Remedy, serving};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
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
        DaemonJson::Valid { mistaken, .. } if !mistaken.is_empty() => {
            Outcome::Found(mistaken.iter().map(|pair| unknown(facts, path, pair)).collect())
        }
        DaemonJson::Valid { hosts: true, .. } if configuration.unit_with_hosts.is_some() => Outcome::Found(
            vec![twice(facts, path, configuration.unit_with_hosts.as_deref().unwrap_or_default())],
        ),
        DaemonJson::Valid { runtimes, .. } => match not_in_force(facts, runtimes) {
            names if names.is_empty() => Outcome::Fine(valid(path, runtimes)),
            names => Outcome::Found(vec![stale(path, &names)]),
        },
    }
}

fn broken(facts: &Facts, path: &str, position: &str) -> Finding {
    refused(facts, format!("{path} is not valid JSON ({position})"))
}

fn unknown(facts: &Facts, path: &str, (key, meant): &(String, String)) -> Finding {
    refused(facts, format!("{path} has the key `{key}`, which dockerd does not know; `{meant}` is one"))
}

fn twice(facts: &Facts, path: &str, unit: &str) -> Finding {
    refused(facts, format!("{path} has `hosts`, and {unit} starts dockerd with -H: both at once are refused"))
}

fn refused(facts: &Facts, what: String) -> Finding {
    let (severity, effect) = if serving::is_up(facts) {
        (Severity::Warning, "the daemon that runs will not start again with it")
    } else {
        (Severity::Error, "no daemon starts with it")
    };
    Finding::new(DAEMON_JSON, severity, format!("{what}: {effect}"))
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

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let configuration = facts.configuration.known()?;
    let path = &configuration.path;
    let by_hand = |what: String| {
        Remedy::shown(what, "the file, and nothing until the daemon is started again").as_root()
    };
    Some(match (&configuration.content, facts.daemon.known()) {
        (DaemonJson::Valid { mistaken, .. }, _) if !mistaken.is_empty() => {
            let pairs: Vec<String> =
                mistaken.iter().map(|(key, meant)| format!("`{key}` to `{meant}`")).collect();
            by_hand(format!("change {} in {path}, then start dockerd", pairs.join(" and ")))
        }
        (DaemonJson::Valid { hosts: true, .. }, _) if configuration.unit_with_hosts.is_some() => by_hand(
            format!("take `hosts` out of {path}, or -H out of the unit (`sudo systemctl edit docker`)"),
        ),
        (DaemonJson::Broken { position }, _) => by_hand(format!("correct {path} at {position}")),
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
