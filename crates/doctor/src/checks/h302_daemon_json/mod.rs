//! H302: is the daemon's configuration file valid, and is it the one in force?

use crate::codes::DAEMON_JSON;
use crate::facts::{Configuration, DaemonJson, GivenTwice, RuntimeEntry};
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
        DaemonJson::Valid { misfits, .. } if !misfits.is_empty() => {
            Outcome::Found(vec![refused(facts, format!("in {path} {}", misfits.join(", ")))])
        }
        // A daemon that runs with the file may be newer than the list of keys.
        DaemonJson::Valid { unknown, .. } if !unknown.is_empty() && !serving::is_up(facts) => {
            Outcome::Found(vec![refused(facts, format!("{path} has {}", keys(unknown)))])
        }
        DaemonJson::Valid { runtimes, default_runtime, default_unknown, .. } => {
            let name = default_runtime.as_deref().filter(|_| *default_unknown);
            match (&configuration.given_twice, name) {
                (Some(given), _) => Outcome::Found(vec![twice(facts, path, given)]),
                (None, Some(name)) => Outcome::Found(vec![unregistered(facts, path, name)]),
                (None, None) => in_force(facts, path, runtimes),
            }
        }
    }
}

fn in_force(facts: &Facts, path: &str, runtimes: &[RuntimeEntry]) -> Outcome {
    match not_in_force(facts, runtimes) {
        names if names.is_empty() => Outcome::Fine(valid(path, runtimes)),
        names => Outcome::Found(vec![stale(path, &names)]),
    }
}

fn broken(facts: &Facts, path: &str, position: &str) -> Finding {
    refused(facts, format!("{path} is not valid JSON ({position})"))
}

fn unknown(facts: &Facts, path: &str, (key, meant): &(String, String)) -> Finding {
    refused(facts, format!("{path} has the key `{key}`, which dockerd does not know; `{meant}` is one"))
}

fn keys(unknown: &[String]) -> String {
    format!("`{}`, which no dockerd from 20.10 to 29.7 knows", unknown.join("`, `"))
}

fn twice(facts: &Facts, path: &str, given: &GivenTwice) -> Finding {
    let keys = given.keys.join("`, `");
    refused(
        facts,
        format!(
            "{path} has `{keys}`, and {} starts dockerd with that option too: both at once are refused",
            given.unit
        ),
    )
}

fn unregistered(facts: &Facts, path: &str, name: &str) -> Finding {
    refused(facts, format!("{path} makes `{name}` the default runtime, which is registered nowhere"))
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
    if let Some(what) = by_hand(configuration, serving::is_up(facts)) {
        return Some(
            Remedy::shown(what, "the file, and nothing until the daemon is started again").as_root(),
        );
    }
    let command = match facts.daemon.known() {
        Some(daemon) => format!("sudo kill -HUP {}", daemon.pid),
        None => "sudo systemctl reload docker".to_owned(),
    };
    let changes = "makes the daemon read its runtimes again; containers are not touched";
    Some(Remedy::asking(command, changes).as_root())
}

/// What the owner of the file puts right in it; a daemon that runs with it knows all of its keys.
fn by_hand(configuration: &Configuration, is_up: bool) -> Option<String> {
    let path = &configuration.path;
    let (mistaken, misfits, foreign, unknown) = match &configuration.content {
        DaemonJson::Absent => return None,
        DaemonJson::Broken { position } => return Some(format!("correct {path} at {position}")),
        DaemonJson::Valid { mistaken, misfits, unknown, default_runtime, default_unknown, .. } => {
            (mistaken, misfits, unknown, default_runtime.as_deref().filter(|_| *default_unknown))
        }
    };
    if !mistaken.is_empty() {
        let pairs: Vec<String> =
            mistaken.iter().map(|(key, meant)| format!("`{key}` to `{meant}`")).collect();
        return Some(format!("change {} in {path}, then start dockerd", pairs.join(" and ")));
    }
    if !misfits.is_empty() {
        return Some(format!("correct {path}: {}", misfits.join(", ")));
    }
    if !foreign.is_empty() && !is_up {
        return Some(format!("take `{}` out of {path}, then start dockerd", foreign.join("`, `")));
    }
    if let Some(given) = &configuration.given_twice {
        let keys = given.keys.join("`, `");
        return Some(format!(
            "take `{keys}` out of {path}, or the option out of the unit (`sudo systemctl edit docker`)"
        ));
    }
    unknown.map(|name| match name {
        "nvidia" => {
            "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl start docker".to_owned()
        }
        name => format!("register the runtime `{name}` in {path}, or take `default-runtime` out of it"),
    })
}
