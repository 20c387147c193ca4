//! Carrying out plans, and taking them back.

use crate::codes;
use crate::exec::Command;
use crate::host_mut::HostMut;
use crate::journal::{Entry, Removed, State};
use crate::receipt::Receipt;
use diag::{Failure, Result, ResultExt};
use plan::{Applicability, Plan, Step};
use std::time::Duration;

/// How long a program of a plan may run: restarting an engine with many containers takes a while.
const PROGRAM_DEADLINE: Duration = Duration::from_secs(180);

/// How many lines of a diff are shown.
const DIFF_LINES: usize = 40;

/// Where programs of a plan find theirs.
const PROGRAM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(crate) fn apply(host: &HostMut, plan: &Plan) -> Result<Receipt> {
    if plan.is_empty() {
        return Ok(Receipt::default());
    }
    if plan.applicability == Applicability::ShownOnly {
        let message = format!("{:?} is only meant to be shown, not carried out", plan.title);
        return Err(Failure::coded(codes::NOT_CHANGEABLE, message));
    }
    let journal = host.journal();
    let _held = journal.hold()?;
    expect_before(host, plan)?;
    let mut entry = journal.begin(plan, new_directories(host, plan)?, removals(host, plan)?)?;
    if let Err(failure) = carry_out(host, &mut entry) {
        return Err(take_back(host, &mut entry, failure));
    }
    entry.state = State::Done;
    journal.store(&entry)?;
    Ok(Receipt { id: Some(entry.id), changed: changed(plan) })
}

pub(crate) fn undo(host: &HostMut, id: &str) -> Result<Receipt> {
    let journal = host.journal();
    let _held = journal.hold()?;
    let mut entry = journal.load(id)?;
    if matches!(entry.state, State::Undone | State::TakenBack) {
        let message = format!("change {id} ({}) was taken back already", entry.plan.title);
        return Err(Failure::coded(codes::NO_JOURNAL_ENTRY, message));
    }
    expect_known(host, &entry.plan)?;
    let steps = if entry.state == State::Done { entry.plan.steps.len() } else { entry.completed + 1 };
    revert(host, &entry, steps)?;
    entry.state = State::Undone;
    journal.store(&entry)?;
    Ok(Receipt { id: Some(entry.id), changed: changed(&entry.plan) })
}

/// Which side of a step the machine is on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// Whether the machine is on that side of the step. A program leaves nothing to look at.
fn stands(host: &HostMut, step: &Step, side: Side) -> Result<bool> {
    Ok(match step {
        Step::Write { path, before, after, .. } => {
            let expected = if side == Side::Before { before.as_ref() } else { Some(after) };
            host.read_optional(path)?.as_ref() == expected
        }
        Step::Remove { path, before } => {
            let expected = if side == Side::Before { Some(before) } else { None };
            host.read_optional(path)?.as_ref() == expected
        }
        Step::Symlink { path, target, before } => {
            let expected = if side == Side::Before { before.as_ref() } else { Some(target) };
            match expected {
                Some(expected) => host.read_link(path)?.as_ref() == Some(expected),
                None => host.lstat(path)?.is_none(),
            }
        }
        Step::Run { .. } | Step::Settle { .. } => true,
    })
}

/// What a plan needs: everything as its first step on each path expects it. Later steps on the same
/// path build on the first.
fn expect_before(host: &HostMut, plan: &Plan) -> Result<()> {
    for (index, step) in plan.steps.iter().enumerate() {
        let earlier = plan.steps.iter().take(index).any(|other| path_of(other) == path_of(step));
        if !earlier && !stands(host, step, Side::Before)? {
            let message =
                format!("{} was changed by somebody else meanwhile", path_of(step).unwrap_or_default());
            let hint = format!("look at it and start again{}", difference(host, step, Side::Before));
            return Err(Failure::coded(codes::DRIFT, message).hint(hint));
        }
    }
    Ok(())
}

/// What taking back needs: each path in a state that the change itself left or found.
fn expect_known(host: &HostMut, plan: &Plan) -> Result<()> {
    for path in plan.steps.iter().filter_map(path_of) {
        let mut known = false;
        let mut last = None;
        for step in plan.steps.iter().filter(|step| path_of(step) == Some(path)) {
            last = Some(step);
            known = known || stands(host, step, Side::Before)? || stands(host, step, Side::After)?;
        }
        if !known {
            let difference = last.map(|step| difference(host, step, Side::After)).unwrap_or_default();
            let hint = format!("nothing was taken back; put it right by hand{difference}");
            return Err(Failure::coded(codes::DRIFT, format!("{path} was changed since")).hint(hint));
        }
    }
    Ok(())
}

/// What differs from what was expected, as far as a diff of text can show it; empty where it cannot.
fn difference(host: &HostMut, step: &Step, side: Side) -> String {
    let expected = match (step, side) {
        (Step::Write { before, .. }, Side::Before) => before.as_deref(),
        (Step::Write { after, .. }, Side::After) => Some(after.as_slice()),
        (Step::Remove { before, .. }, Side::Before) => Some(before.as_slice()),
        _ => return String::new(),
    };
    let Some(Ok(present)) = path_of(step).map(|path| host.read_optional(path)) else { return String::new() };
    let diff = plan::file_diff(path_of(step).unwrap_or_default(), expected, present.as_deref());
    let diff = plan::without_secrets(&diff);
    let lines: Vec<&str> = diff.lines().take(DIFF_LINES).collect();
    if lines.is_empty() { String::new() } else { format!("\nwhat somebody changed:\n{}", lines.join("\n")) }
}

fn carry_out(host: &HostMut, entry: &mut Entry) -> Result<()> {
    for index in 0..entry.plan.steps.len() {
        let Some(step) = entry.plan.steps.get(index) else { break };
        match step {
            Step::Write { path, after, mode, .. } => host.write_atomic(path, after, *mode)?,
            Step::Remove { path, .. } => host.remove(path)?,
            Step::Symlink { path, target, .. } => host.link(path, target)?,
            Step::Run { argv, .. } | Step::Settle { argv, .. } => run(argv)?,
        }
        entry.completed = index + 1;
        host.journal().store(entry)?;
    }
    Ok(())
}

/// After a failed step: takes back what was done, and says what came of that too.
fn take_back(host: &HostMut, entry: &mut Entry, failure: Failure) -> Failure {
    let outcome = revert(host, entry, entry.completed + 1);
    entry.state = if outcome.is_ok() { State::TakenBack } else { State::HalfDone };
    let noted = host.journal().store(entry);
    let title = &entry.plan.title;
    match outcome.and(noted) {
        Ok(()) => failure.context(format!("cannot {title}; everything is as it was before")),
        Err(second) => Failure::coded(codes::HALF_APPLIED, format!("cannot {title}: {}", failure.line()))
            .caused_by(second.context("and it could not be taken back"))
            .hint(format!("what was there before is kept in journal entry {}", entry.id)),
    }
}

/// Takes back the first `count` steps, the last one first. A step whose effect is not there (it was
/// interrupted or failed) is left alone.
fn revert(host: &HostMut, entry: &Entry, count: usize) -> Result<()> {
    let taken_back = entry.plan.steps.iter().take(count);
    for step in taken_back.clone().rev().filter(|step| !matches!(step, Step::Settle { .. })) {
        if matches!(step, Step::Run { .. }) || !stands(host, step, Side::Before)? {
            revert_step(host, entry, step)?;
        }
    }
    for directory in entry.made_directories.iter().rev() {
        host.remove_empty_directory(directory)?;
    }
    for step in taken_back {
        if let Step::Settle { undo, .. } = step {
            run(undo)?;
        }
    }
    Ok(())
}

fn revert_step(host: &HostMut, entry: &Entry, step: &Step) -> Result<()> {
    match step {
        Step::Write { path, before: Some(before), mode, .. } => host.write_atomic(path, before, *mode),
        Step::Write { path, before: None, .. } | Step::Symlink { path, before: None, .. } => {
            host.remove(path)
        }
        Step::Symlink { path, before: Some(before), .. } => host.link(path, before),
        Step::Remove { path, before } => put_back(host, entry, path, before),
        Step::Run { undo: Some(argv), .. } => run(argv),
        Step::Run { undo: None, .. } | Step::Settle { .. } => Ok(()),
    }
}

fn put_back(host: &HostMut, entry: &Entry, path: &str, before: &[u8]) -> Result<()> {
    match entry.removed.iter().find(|removed| removed.path == path) {
        Some(Removed { link: Some(target), .. }) => host.link(path, target),
        Some(removed) => host.restore(path, before, removed.mode, removed.owner),
        None => host.write_atomic(path, before, 0o644),
    }
}

fn run(argv: &[String]) -> Result<()> {
    let failed = |message: String| Failure::coded(codes::PROGRAM_FAILED, message);
    let (program, args) =
        argv.split_first().ok_or_else(|| failed("a step of the plan runs nothing".to_owned()))?;
    let command = Command::new(program).args(args).env("PATH", PROGRAM_PATH).deadline(PROGRAM_DEADLINE);
    let output =
        command.run().map_err(|cause| failed(format!("cannot run {}", argv.join(" "))).caused_by(cause))?;
    if output.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let said = if said.is_empty() { "it said nothing".to_owned() } else { said };
    Err(failed(format!("{} ended with {}: {said}", argv.join(" "), output.ending())))
}

fn path_of(step: &Step) -> Option<&str> {
    match step {
        Step::Write { path, .. } | Step::Remove { path, .. } | Step::Symlink { path, .. } => Some(path),
        Step::Run { .. } | Step::Settle { .. } => None,
    }
}

fn changed(plan: &Plan) -> Vec<String> {
    plan.steps.iter().filter_map(path_of).map(str::to_owned).collect()
}

fn new_directories(host: &HostMut, plan: &Plan) -> Result<Vec<String>> {
    let mut directories = Vec::new();
    for path in plan.steps.iter().filter_map(path_of) {
        let (directory, _) = path.rsplit_once('/').unwrap_or_default();
        if !directory.is_empty() {
            directories.extend(host.missing_directories(directory)?);
        }
    }
    directories.sort_unstable();
    directories.dedup();
    Ok(directories)
}

fn removals(host: &HostMut, plan: &Plan) -> Result<Vec<Removed>> {
    let mut removed = Vec::new();
    for step in &plan.steps {
        let Step::Remove { path, .. } = step else { continue };
        if let Some(stat) = host.lstat(path).context("cannot note what is removed")? {
            let (mode, owner, link) = (stat.mode, (stat.uid, stat.gid), host.read_link(path)?);
            removed.push(Removed { path: path.clone(), mode, owner, link });
        }
    }
    Ok(removed)
}
