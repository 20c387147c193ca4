//! macOS and Windows: the executable is `longshore`, whatever its name.

use crate::commands;
use crate::exit::Exit;
use crate::session::Session;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

/// There is nothing here that the executable would call itself for.
pub(crate) const fn hidden(_called_as: &OsStr, _arguments: &[OsString]) -> Option<ExitCode> {
    None
}

/// Runs `longshore`.
pub(crate) fn run(_called_as: &OsStr, session: &mut Session, arguments: &[OsString]) -> Exit {
    commands::run(session, arguments)
}
