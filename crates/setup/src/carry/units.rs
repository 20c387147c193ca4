//! The units that a set-up touches, as they are.

use super::Teller;
use super::programs::Programs;
use super::record::UnitState;
use host::Host;
use host::exec::Command;
use std::collections::BTreeMap;

const UNITS: [&str; 5] = [
    "docker.service",
    "docker.socket",
    "containerd.service",
    "nvidia-cdi-refresh.path",
    "nvidia-cdi-refresh.service",
];

/// How each of them stands.
pub(super) fn states(host: &Host) -> BTreeMap<String, UnitState> {
    UNITS.into_iter().map(|unit| (unit.to_owned(), state(host, unit))).collect()
}

fn state(host: &Host, unit: &str) -> UnitState {
    let says = |verb: &str| {
        let command = Command::new("/usr/bin/systemctl").args([verb, unit]).env("PATH", "/usr/bin:/bin");
        let output = command.run().ok().filter(|_| host.is_live()).unwrap_or_default();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let enabled = says("is-enabled");
    let there = !enabled.is_empty() && enabled != "not-found";
    UnitState {
        enabled: if there { enabled } else { String::new() },
        active: there && says("is-active") == "active",
    }
}

/// Puts units that were there before back to how they stood; systemd forgets those that are gone.
pub(super) fn restore(
    host: &Host,
    before: &BTreeMap<String, UnitState>,
    programs: &Programs,
    teller: &mut dyn Teller,
) {
    let mut calls = vec![vec!["daemon-reload".to_owned()]];
    for (unit, was) in before {
        let is = state(host, unit);
        if was.enabled.is_empty() {
            calls.push(vec!["reset-failed".to_owned(), unit.clone()]);
            continue;
        }
        let verb = |verb: &str| vec![verb.to_owned(), unit.clone()];
        match (was.enabled.as_str(), is.enabled.as_str()) {
            (was, is) if was == is => {}
            ("enabled", _) => calls.push(verb("enable")),
            ("disabled", _) => calls.push(verb("disable")),
            ("masked", _) => calls.push(verb("mask")),
            _ => {}
        }
        match (was.active, is.active) {
            (true, false) => calls.push(verb("start")),
            (false, true) => calls.push(verb("stop")),
            _ => {}
        }
    }
    for call in calls {
        let argv: Vec<String> = std::iter::once("/usr/bin/systemctl".to_owned()).chain(call).collect();
        // A unit that systemd has forgotten already is what is wanted; systemd need not run, either.
        let ended = programs.run(&argv, teller);
        if ended.is_err() && argv.get(1).is_some_and(|verb| verb == "start" || verb == "enable") {
            teller.note(&format!("{} failed", argv.join(" ")));
        }
    }
}
