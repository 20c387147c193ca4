//! H807: does a container that is started now have its GPU?

use crate::codes::CONTAINER_PROBE;
use crate::facts::Known;
use crate::probe::Probe;
use crate::{Facts, Remedy, explain};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let probe = match facts.probe.as_ref().map(Known::as_result) {
        None => return Outcome::DoesNotApply("no container was started (`--probe` starts one)".to_owned()),
        Some(Err(reason)) => return Outcome::CannotTell(reason.to_string()),
        Some(Ok(probe)) => probe,
    };
    match problem(probe) {
        Some(message) => Outcome::Found(vec![finding(probe, message)]),
        None => Outcome::Fine(format!("{} opened {}; CUDA was not called", probe.way, opened(probe))),
    }
}

fn problem(probe: &Probe) -> Option<String> {
    if probe.refused.is_some() {
        return Some(format!("`{}` was tried and failed", probe.way));
    }
    let named = |dead: bool| {
        let closed = probe.closed().filter(|(_, error)| is_dead(error) == dead).map(|(path, _)| path);
        let paths: Vec<&str> = closed.collect();
        (!paths.is_empty()).then(|| paths.join(", "))
    };
    if let Some(paths) = named(false) {
        return Some(format!("a container that was started now may not open {paths}"));
    }
    if let Some(paths) = named(true) {
        return Some(format!(
            "a container that was started now has nodes without a driver behind them: {paths}"
        ));
    }
    let control = probe.nodes.iter().any(|node| node.path == "/dev/nvidiactl" || node.path == "/dev/dxg");
    (probe.gpus() == 0 || !control).then(|| "a container that was started now has no GPU".to_owned())
}

/// `ENXIO` and `ENODEV`: the node may be opened, and its number belongs to no driver.
fn is_dead(error: &str) -> bool {
    error.ends_with("(os error 6)") || error.ends_with("(os error 19)")
}

fn opened(probe: &Probe) -> String {
    let others = probe.nodes.len() - probe.gpus();
    format!("{} GPU(s) and {others} other nodes in {}", probe.gpus(), probe.image)
}

fn finding(probe: &Probe, message: String) -> Finding {
    let finding = Finding::new(CONTAINER_PROBE, Severity::Error, message);
    let finding =
        probe.closed().fold(finding, |finding, (path, error)| finding.evidence(format!("{path}: {error}")));
    let Some(said) = &probe.refused else {
        let nodes: Vec<&str> = probe.nodes.iter().map(|node| node.path.as_str()).collect();
        return finding.evidence(format!("device nodes in it: {}", nodes.join(", ")));
    };
    let finding = finding.evidence(said.clone());
    match explain::recognise(said).first().filter(|found| !found.symptom.is_harmless()) {
        Some(found) => finding.help(format!("{}: {}", found.symptom.name, found.symptom.meaning)),
        None => finding,
    }
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let probe = facts.probe.as_ref()?.known()?;
    let said = probe.refused.as_deref()?;
    let found = explain::recognise(said);
    let origin = found.first()?.symptom.causes.first()?;
    Some(Remedy::shown(origin.next, "what the message most often comes from"))
}
