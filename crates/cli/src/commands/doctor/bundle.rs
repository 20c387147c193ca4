//! `longshore doctor bundle`: what was seen of this machine, without names, for somebody else to judge.

use crate::arguments::{Command, Flag, Parsed};
use crate::exit::Exit;
use crate::session::Session;
use diag::Result;

/// The row of the tables.
pub(super) const COMMAND: Command = Command::new(
    "bundle",
    "Writes what the doctor sees, without names, for `longshore doctor --from FILE`",
    bundle,
)
.flags(&[
    Flag::text("output", "Where to write it").aliases(&["o"]).default("longshore-doctor.json"),
    Flag::switch("dry-run", "Only show it"),
]);

fn bundle(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let facts = doctor::redacted(&super::facts(session, parsed)?);
    let text = facts.to_json();
    session.out(&text);
    if parsed.switch("dry-run") {
        return Ok(Exit::Well);
    }
    let path = parsed.text("output").to_owned();
    session.write_file(&path, text.as_bytes())?;
    session.info(&format!("the text above is in {path}: names, addresses and UUIDs are taken out; `longshore doctor --from {path}` judges it"));
    Ok(Exit::Well)
}
