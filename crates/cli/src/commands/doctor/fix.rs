//! `longshore doctor --fix`: carries out what is safe, asks before what restarts something, prints
//! what touches packages, drivers or the kernel; then looks again.

use super::engine_plan;
use crate::arguments::Parsed;
use crate::session::Session;
use diag::{Failure, Result};
use doctor::facts::EngineKind;
use doctor::repair::{self, Repair};
use doctor::{Cause, Facts};
use host::exec;
use plan::{Applicability, Plan, Step};
use std::time::Duration;

/// The most repairs of one run: each may bring another cause to light.
const ROUNDS: usize = 8;

/// Repairs what can be repaired, and gives what is seen of the machine afterwards.
pub(super) fn fix(session: &mut Session, parsed: &Parsed, mut facts: Facts) -> Result<Facts> {
    let mut done: Vec<String> = Vec::new();
    for _ in 0..ROUNDS {
        let diagnosis = doctor::diagnose(&facts);
        let todo = diagnosis.causes.iter().find(|cause| !done.iter().any(|code| code == cause.code.as_str()));
        let Some(cause) = todo else { break };
        let changed = one(session, parsed, &facts, cause)?;
        // A safe repair may have to be made in several files; what was asked for is done once.
        let is_safe = cause.remedy.as_ref().is_some_and(|remedy| remedy.applicability == Applicability::Safe);
        if !(changed && is_safe) {
            done.push(cause.code.as_str().to_owned());
        }
        if changed {
            facts = super::facts(session, parsed)?;
        }
    }
    Ok(facts)
}

/// Whether anything was changed.
fn one(session: &mut Session, parsed: &Parsed, facts: &Facts, cause: &Cause) -> Result<bool> {
    if let Some(plan) = safe_plan(session, facts, cause)? {
        return carry_out(session, &plan, cause);
    }
    let Some(remedy) = &cause.remedy else { return Ok(false) };
    let plan = match engine_plan::plan(session, facts, cause)? {
        Some(plan) => Some(plan),
        None => runs(&remedy.command),
    };
    match (remedy.applicability, plan) {
        (Applicability::Unsafe, Some(plan)) if consents(session, parsed, cause)? => {
            carry_out(session, &plan, cause)
        }
        _ => {
            session.out(&format!(
                "{}: left to you: {}  ({})\n",
                cause.code,
                remedy.command,
                remedy.consequences()
            ));
            Ok(false)
        }
    }
}

fn carry_out(session: &mut Session, plan: &Plan, cause: &Cause) -> Result<bool> {
    session.out(&plan::unified_diff(plan));
    match session.writable().apply(plan) {
        Ok(receipt) => {
            let undo =
                receipt.id.map_or(String::new(), |id| format!(" (`longshore undo {id}` takes it back)"));
            session.out(&format!("{}: {}{undo}\n", cause.code, plan.title));
            Ok(true)
        }
        Err(failure) => {
            session.fail(&failure.context(format!("{} could not be repaired", cause.code)));
            Ok(false)
        }
    }
}

/// Asks on a terminal; elsewhere `--yes` answers.
fn consents(session: &mut Session, parsed: &Parsed, cause: &Cause) -> Result<bool> {
    if parsed.switch("yes") {
        return Ok(true);
    }
    let Some(remedy) = &cause.remedy else { return Ok(false) };
    if !session.can_ask() {
        return Ok(false);
    }
    session.err(&format!(
        "{}: {}\n{} ({})? [y/N] ",
        cause.code,
        cause.finding.message,
        remedy.command,
        remedy.consequences()
    ));
    let answer = session.typed_line()?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// The plan of a safe repair, from the files as they are.
fn safe_plan(session: &Session, facts: &Facts, cause: &Cause) -> Result<Option<Plan>> {
    let Some(repair) = repair::safe(facts, cause.code) else { return Ok(None) };
    let (title, path, after) = match repair {
        Repair::ClientFile { path, residue } => {
            let bytes = session.host.read_optional(&path)?;
            return Ok(bytes.and_then(|bytes| setup::repair_client_file(&path, &bytes, &residue)));
        }
        Repair::ToolkitFile { path, option } => {
            let text = session.host.read_text_optional(&path)?.unwrap_or_default();
            ("set the toolkit's configuration", path, settings::edit(&text, &[option], ",")?.into_bytes())
        }
        Repair::Specification { path, flags } => {
            ("make the CDI specification again", path.clone(), specification(facts, &path, &flags)?)
        }
    };
    let before = session.host.read_optional(&path)?;
    if before.as_ref() == Some(&after) {
        return Ok(None);
    }
    let step = Step::Write { path, before, after, mode: 0o644 };
    Ok(Some(Plan::new(title, Applicability::Safe).step(step)))
}

/// What `longshore cdi generate` prints, for the form that the file's name says and for the engine
/// that has to read it.
fn specification(facts: &Facts, path: &str, flags: &[&str]) -> Result<Vec<u8>> {
    let format = if path.ends_with(".json") { "--format=json" } else { "--format=yaml" };
    let mut command = exec::Command::new("/proc/self/exe")
        .args(["cdi", "generate", format])
        .args(flags.iter().copied())
        .deadline(Duration::from_secs(60));
    command.max_output = 16 * 1024 * 1024;
    let output = command.run()?;
    if output.success() {
        return Ok(output.stdout);
    }
    let why = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
    let engine = match facts.question.engine {
        EngineKind::Docker => "Docker",
        EngineKind::Podman => "podman",
        EngineKind::Containerd | EngineKind::Crio => "the node",
    };
    Err(Failure::new(format!("no CDI specification for {engine} could be made: {why}")))
}

/// A remedy's command as steps, when it is no more than programs with plain words.
fn runs(command: &str) -> Option<Plan> {
    let mut plan = Plan::new(format!("run {command}"), Applicability::Unsafe);
    for part in command.split(" && ") {
        let plain = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=:@".contains(c));
        let words: Vec<&str> = part.split_whitespace().filter(|word| *word != "sudo").collect();
        let program = words.first().filter(|_| words.iter().all(plain))?;
        let known = ["systemctl", "modprobe", "ldconfig", "rm", "nvidia-ctk"].contains(program);
        if !known {
            return None;
        }
        plan = plan.step(Step::Run { argv: argv(&words), undo: None });
    }
    Some(plan)
}

/// Plans name programs by path.
fn argv(words: &[&str]) -> Vec<String> {
    let mut argv: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    if let Some(program) = argv.first_mut() {
        *program = match program.as_str() {
            "ldconfig" | "modprobe" => format!("/sbin/{program}"),
            "nvidia-ctk" => "/usr/bin/nvidia-ctk".to_owned(),
            other => format!("/usr/bin/{other}"),
        };
    }
    argv
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_commands_of_known_programs_are_run() {
        assert_eq!(runs("sudo systemctl restart docker").unwrap().steps.len(), 1);
        assert!(runs("kill 412 and start dockerd again as it was started").is_none());
        assert!(runs("sudo rm $(find /)").is_none());
        assert!(runs("put the program back, or remove its entry").is_none());
    }
}
