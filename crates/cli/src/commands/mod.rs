//! The commands: one file each. Those of `longshore` have one line each in `VERBS`; those of
//! `nvidia-ctk` one line in the table of that personality.
//!
//! A command's file offers `COMMAND`, a row of the tables that drive parsing and help, and its
//! action: a function from [`Session`] and `Parsed` to an exit code. It prints through the session.
//!
//! On macOS and Windows there are those of whoever writes container files; the others say there that
//! they need Linux (`elsewhere`).

mod compat;
mod completions;
mod explain;
mod lint;

#[cfg(any(test, not(target_os = "linux")))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod here;

// What looks at, or changes, a machine with GPUs.
#[cfg(target_os = "linux")]
pub(crate) mod cdi;
#[cfg(target_os = "linux")]
mod doctor;
#[cfg(target_os = "linux")]
mod gpus;
#[cfg(target_os = "linux")]
pub(crate) mod hook;
#[cfg(target_os = "linux")]
pub(crate) mod info;
#[cfg(target_os = "linux")]
pub(crate) mod runtime;
#[cfg(target_os = "linux")]
pub(crate) mod settings;
#[cfg(target_os = "linux")]
mod setup;
#[cfg(target_os = "linux")]
mod sim;
#[cfg(target_os = "linux")]
pub(crate) mod system;
#[cfg(target_os = "linux")]
mod undo;

#[cfg(not(target_os = "linux"))]
use elsewhere as system_commands;
#[cfg(target_os = "linux")]
use here as system_commands;

pub(crate) use system_commands::programs;

use crate::arguments::{self, Command, Manners, Program};
use crate::exit::Exit;
use crate::session::Session;
use std::ffi::OsString;

static PROGRAM: Program = Program {
    root: Command::new(
        "longshore",
        "Gives containers the GPU, and tells you why when they don't get it",
        system_commands::overview,
    )
    .commands(system_commands::VERBS),
    version: || env!("CARGO_PKG_VERSION").to_owned(),
    title: "longshore",
    manners: Manners::Own,
};

/// Runs `longshore` with the arguments after its name.
pub(crate) fn run(session: &mut Session, arguments: &[OsString]) -> Exit {
    arguments::dispatch(session, &PROGRAM, arguments)
}
