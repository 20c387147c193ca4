//! H304: is every registered runtime an executable program?

use crate::codes::RUNTIME_BROKEN;
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
    let DaemonJson::Valid { runtimes, default_runtime, .. } = &configuration.content else {
        return Outcome::DoesNotApply("no runtime is registered in a file".to_owned());
    };
    let broken: Vec<&RuntimeEntry> =
        runtimes.iter().filter(|runtime| runtime.usable == Some(false)).collect();
    if !broken.is_empty() {
        let findings =
            broken.iter().map(|runtime| finding(runtime, default_runtime.as_deref(), &configuration.path));
        return Outcome::Found(findings.collect());
    }
    match runtimes.iter().find(|runtime| runtime.program.is_some() && runtime.usable.is_none()) {
        Some(runtime) => {
            Outcome::CannotTell(format!("where dockerd finds the program of `{}`", runtime.name))
        }
        None => Outcome::Fine(seen(runtimes)),
    }
}

fn seen(runtimes: &[RuntimeEntry]) -> String {
    match runtimes.iter().find(|runtime| runtime.name == "nvidia") {
        Some(_) => "`nvidia` is registered and can be executed".to_owned(),
        None => "`nvidia` is not registered; only `--runtime=nvidia` needs it".to_owned(),
    }
}

/// As the default runtime it stops every container, otherwise only those that name it.
fn finding(runtime: &RuntimeEntry, default: Option<&str>, path: &str) -> Finding {
    let program = runtime.program.as_deref().unwrap_or_default();
    let (severity, effect) = if default == Some(runtime.name.as_str()) {
        (Severity::Error, "as the default runtime it stops every container")
    } else {
        (Severity::Warning, "containers that name it will not start")
    };
    let message =
        format!("the program of runtime `{}`, {program}, cannot be executed: {effect}", runtime.name);
    let found = Finding::new(RUNTIME_BROKEN, severity, message)
        .evidence(format!("`runtimes.{}.path` in {path}", runtime.name));
    runtime.fault.iter().fold(found, |found, fault| found.evidence(format!("{program}: {fault}")))
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let configuration = facts.configuration.known()?;
    let (restart, _) = serving::restart(facts);
    Some(
        Remedy::asking(
            format!("put the program back, or remove its entry from {} and {restart}", configuration.path),
            "the registered runtimes",
        )
        .as_root()
        .restarting("dockerd, when the entry is removed"),
    )
}
