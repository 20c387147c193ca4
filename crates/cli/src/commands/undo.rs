//! `longshore undo`: takes back a change that Longshore made.

use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use diag::render::logrus;
use diag::{Failure, Result};
use host::{JournalEntry, JournalState};

/// The row of the tables.
pub(crate) const COMMAND: Command =
    Command::new("undo", "Takes back a change that longshore made, or lists the changes", undo)
        .arguments("[ID]")
        .flags(&[Flag::text(
            "root",
            "Directory that holds the file system of another host, which was changed",
        )]);

fn undo(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    if !parsed.text("root").is_empty() {
        let root = session.absolute(parsed.text("root"))?;
        session.host = session.host.below(&root)?;
    }
    match parsed.rest.as_slice() {
        [] => list(session),
        [id] => take_back(session, &id.to_string_lossy()),
        _ => Err(Failure::coded(codes::BAD_ARGUMENT, "undo takes back one change at a time")),
    }
}

fn list(session: &mut Session) -> Result<Exit> {
    let entries = session.writable().journal_entries()?;
    if entries.is_empty() {
        session.info("longshore has changed nothing on this machine");
    }
    for entry in &entries {
        session.out(&row(entry));
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

fn state(state: JournalState) -> &'static str {
    match state {
        JournalState::Begun => "begun",
        JournalState::Done => "done",
        JournalState::Undone => "undone",
        JournalState::TakenBack => "taken back",
        JournalState::HalfDone => "half done",
    }
}

fn take_back(session: &mut Session, id: &str) -> Result<Exit> {
    let list = "`longshore undo` alone lists the changes";
    let receipt = session.writable().undo(id).map_err(|failure| match failure.first_hint() {
        Some(_) => failure,
        None => failure.hint(list),
    })?;
    for path in &receipt.changed {
        session.out(&format!("restored {path}\n"));
    }
    Ok(Exit::Well)
}
