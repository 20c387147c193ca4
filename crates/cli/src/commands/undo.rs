//! `longshore undo`: takes back a change that Longshore made.

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use ::setup::{Progress, Record};
use diag::render::logrus;
use diag::{Failure, Result};
use engines::restart::{Running, engine_of, is_gentle};
use engines::{Engine, Installation};
use host::{JournalEntry, JournalState};
use plan::Step;

/// The row of the tables.
pub(crate) const COMMAND: Command =
    Command::new("undo", "Takes back a change that longshore made, or lists the changes", undo)
        .arguments("[ID|setup]")
        .flags(&[
            Flag::text("root", "Directory that holds the file system of another host, which was changed"),
            Flag::switch(
                "stop-containers",
                "Restart or remove an engine also when that stops running containers",
            ),
            Flag::switch("yes", "Take a set-up back without asking"),
            Flag::text("proxy", "Proxy through which package managers reach their repositories"),
        ]);

fn undo(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    if !parsed.text("root").is_empty() {
        let root = session.absolute(parsed.text("root"))?;
        session.host = session.host.below(&root)?;
    }
    match parsed.rest.as_slice() {
        [] => list(session),
        [id] if id == "setup" => super::setup::take_back(session, parsed),
        [id] => take_back(session, &id.to_string_lossy(), parsed.switch("stop-containers")),
        _ => Err(Failure::coded(codes::BAD_ARGUMENT, "undo takes back one change at a time")),
    }
}

fn list(session: &mut Session) -> Result<Exit> {
    let entries = session.writable().journal_entries()?;
    let records = ::setup::records(&session.host)?;
    if entries.is_empty() && records.is_empty() {
        session.info("longshore has changed nothing on this machine");
    }
    for entry in &entries {
        session.out(&row(entry));
    }
    for record in &records {
        session.out(&set_up(record));
    }
    Ok(Exit::Well)
}

/// `3  2026-11-20T22:55:57Z  done       register runtime nvidia with docker in ...`
fn row(entry: &JournalEntry) -> String {
    format!(
        "{:>3}  {}  {:<10} {}\n",
        entry.id,
        logrus::rfc3339(entry.time),
        state(entry.state),
        entry.plan.title
    )
}

/// A whole set-up, whose files are among the changes above: `setup  TIME  done  set-up 1: ...`.
fn set_up(record: &Record) -> String {
    let mut titles: Vec<&str> = record.stages.iter().map(|stage| stage.title.as_str()).collect();
    titles.dedup();
    let state = match record.progress {
        Progress::Begun => "begun",
        Progress::Done => "done",
        Progress::Undoing => "half undone",
        Progress::Undone => "undone",
    };
    let time = logrus::rfc3339(record.time);
    format!("setup  {time}  {state:<10} set-up {}: {}\n", record.number, titles.join(", "))
}

fn state(state: JournalState) -> &'static str {
    match state {
        JournalState::Begun => "begun",
        JournalState::Done => "done",
        JournalState::Undone => "undone",
        JournalState::TakenBack => "taken back",
        JournalState::HalfDone => "half done",
    }
}

fn take_back(session: &mut Session, id: &str, stop_containers: bool) -> Result<Exit> {
    let entry = session.writable().journal_entries()?.into_iter().find(|entry| entry.id == id);
    let settled = entry.as_ref().and_then(|entry| settled(session, entry));
    if let Some(settled) = settled.as_ref().filter(|settled| !settled.gentle && !stop_containers) {
        let running = Running::now(&session.host, settled.engine, &settled.installation);
        running.may_be_restarted(&session.host, &settled.installation)?;
    }
    let list = "`longshore undo` alone lists the changes";
    let receipt = session.writable().undo(id).map_err(|failure| match failure.first_hint() {
        Some(_) => failure,
        None => failure.hint(list),
    })?;
    for path in &receipt.changed {
        session.out(&format!("restored {path}\n"));
    }
    if settled.is_some_and(|settled| settled.gentle && settled.engine.name == "docker") {
        session.info("docker keeps the runtimes that it took without a restart until it is restarted");
    }
    Ok(Exit::Well)
}

/// The daemon that sees the end of a change that is taken back.
struct Settled {
    engine: &'static Engine,
    installation: Installation,
    /// Whether it is only told to read its files again.
    gentle: bool,
}

fn settled(session: &Session, entry: &JournalEntry) -> Option<Settled> {
    if !matches!(entry.state, JournalState::Begun | JournalState::Done | JournalState::HalfDone) {
        return None;
    }
    let undo = entry.plan.steps.iter().find_map(|step| match step {
        Step::Settle { undo, .. } => Some(undo),
        _ => None,
    })?;
    let (engine, installation) = engine_of(&session.host, &entry.plan)?;
    Some(Settled { engine, installation, gentle: is_gentle(undo) })
}
