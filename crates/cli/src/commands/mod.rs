//! The commands: one file each. Those of `longshore` have one line each in [`VERBS`]; those of
//! `nvidia-ctk` one line in the table of that personality.
//!
//! A command's file offers `COMMAND`, a row of the tables that drive parsing and help, and its
//! action: a function from [`Session`] and `Parsed` to an exit code. It prints through the session.

pub(crate) mod cdi;
mod compat;
mod completions;
mod doctor;
mod explain;
mod gpus;
pub(crate) mod hook;
pub(crate) mod info;
mod lint;
pub(crate) mod runtime;
pub(crate) mod settings;
mod setup;
mod sim;
pub(crate) mod system;
mod undo;

use crate::arguments::{self, Command, Manners, Parsed, Program};
use crate::exit::Exit;
use crate::session::Session;
use diag::Result;
use std::ffi::OsString;

/// Every verb of `longshore`, in the order of its help.
const VERBS: &[Command] = &[
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

static PROGRAM: Program = Program {
    root: Command::new(
        "longshore",
        "Gives containers the GPU, and tells you why when they don't get it",
        overview,
    )
    .commands(VERBS),
    version: || env!("CARGO_PKG_VERSION").to_owned(),
    title: "longshore",
    manners: Manners::Own,
};

/// Every program of this executable, for completions and the manual.
pub(crate) fn programs() -> Vec<&'static Program> {
    vec![&PROGRAM, &crate::nvidia_ctk::PROGRAM]
}

/// `longshore` alone: what the doctor says in three lines, and the verbs.
fn overview(session: &mut Session, _parsed: &Parsed) -> Result<Exit> {
    let verdict = doctor::verdict(session);
    session.out(&format!("{}\n\n{}", verdict.trim_end(), arguments::overview(&PROGRAM)));
    Ok(Exit::Well)
}

/// Runs `longshore` with the arguments after its name.
pub(crate) fn run(session: &mut Session, arguments: &[OsString]) -> Exit {
    arguments::dispatch(session, &PROGRAM, arguments)
}
