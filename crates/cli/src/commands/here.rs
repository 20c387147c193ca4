//! The commands on Linux.

use super::{PROGRAM, cdi, compat, completions, doctor, explain, gpus, lint, settings, setup, sim, undo};
use crate::arguments::{self, Command, Parsed, Program};
use crate::exit::Exit;
use crate::session::Session;
use diag::Result;

/// Every verb of `longshore`, in the order of its help.
pub(super) const VERBS: &[Command] = &[
    doctor::COMMAND,
    explain::COMMAND,
    gpus::COMMAND,
    cdi::COMMAND,
    compat::COMMAND,
    lint::COMMAND,
    settings::COMMAND,
    setup::COMMAND,
    sim::COMMAND,
    undo::COMMAND,
    completions::COMMAND,
    completions::MANUAL,
];

/// Every program of this executable, for completions and the manual.
pub(crate) fn programs() -> Vec<&'static Program> {
    vec![&PROGRAM, &crate::nvidia_ctk::PROGRAM]
}

/// `longshore` alone: what the doctor says in three lines, and the verbs.
pub(super) fn overview(session: &mut Session, _parsed: &Parsed) -> Result<Exit> {
    let verdict = doctor::verdict(session);
    session.out(&format!("{}\n\n{}", verdict.trim_end(), arguments::overview(&PROGRAM)));
    Ok(Exit::Well)
}
