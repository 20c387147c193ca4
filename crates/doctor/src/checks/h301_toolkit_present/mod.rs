//! H301: is a program that serves `--gpus` anywhere on this machine?

use crate::codes::TOOLKIT_PRESENT;
use crate::facts::Toolkit;
use crate::{Facts, Remedy, serving};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    if let Some(why) = serving::place(facts).why_not_here() {
        return Outcome::CannotTell(why);
    }
    let toolkit = match facts.toolkit.as_result() {
        Ok(toolkit) => toolkit,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    match serving::anywhere(facts, toolkit).first() {
        Some(program) => Outcome::Fine(program.path()),
        None => Outcome::Found(vec![absent(facts, toolkit)]),
    }
}

fn absent(facts: &Facts, toolkit: &Toolkit) -> Finding {
    let names = serving::names(facts).join("` nor `");
    let message = if serving::names(facts).len() > 1 {
        format!("neither `{names}` is on this machine: dockerd has nothing to serve `--gpus` with")
    } else {
        format!("`{names}` is nowhere on this machine: dockerd has nothing to serve `--gpus` with")
    };
    let finding = Finding::new(TOOLKIT_PRESENT, Severity::Error, message)
        .evidence(format!("looked in {}", toolkit.looked_in.join(", ")));
    let unusable = toolkit.programs.iter().filter(|program| !program.executable);
    let finding = unusable.fold(finding, |finding, program| {
        finding.evidence(format!(
            "{} is there but cannot be executed (mode, or a dangling link)",
            program.path()
        ))
    });
    match facts.daemon.known().map(|daemon| daemon.path.as_result()) {
        Some(Err(reason)) => finding.evidence(format!("dockerd's own PATH is not known: {reason}")),
        _ => finding,
    }
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let (restart, _) = serving::restart(facts);
    let own = facts.toolkit.known().and_then(|toolkit| toolkit.own_runtime.clone());
    Some(
        match own {
            Some(runtime) => {
                let directory = directory_for_link(facts);
                let links: Vec<String> = ["nvidia-container-runtime-hook", "nvidia-cdi-hook"]
                    .iter()
                    .map(|name| format!("sudo ln -s {runtime} {directory}/{name}"))
                    .collect();
                Remedy::asking(
                    format!("{} && {restart}", links.join(" && ")),
                    format!("puts Longshore's hook into {directory}, where dockerd looks when it starts"),
                )
            }
            None => Remedy::shown(
                format!("install Longshore or the package nvidia-container-toolkit, then {restart}"),
                "puts the hook where dockerd looks when it starts",
            ),
        }
        .as_root()
        .restarting("dockerd and, without live-restore, all its containers"),
    )
}

/// The first directory of the daemon's `PATH` for locally installed programs.
fn directory_for_link(facts: &Facts) -> String {
    let path = facts.daemon.known().and_then(|daemon| daemon.path.known()).map_or(&[][..], Vec::as_slice);
    let local = path.iter().find(|directory| directory.as_str() == "/usr/local/bin");
    local.or(path.first()).cloned().unwrap_or_else(|| "/usr/local/bin".to_owned())
}
