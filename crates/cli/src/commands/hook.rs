//! `nvidia-ctk hook`: the hooks of `nvidia-cdi-hook`, which specifications written by older toolkits
//! call by this name.

use crate::arguments::{Command, Parsed};
use crate::exit::Exit;
use crate::session::Session;
use diag::Result;
use std::ffi::OsString;

/// The row of the tables. Its options are the hooks' own.
pub(crate) const COMMAND: Command = Command::new("hook", "Runs a hook of a container start", hook)
    .arguments("HOOK [ARGUMENTS...]")
    .passes_everything();

fn hook(_session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let arguments = std::iter::once(OsString::from("nvidia-cdi-hook")).chain(parsed.rest.iter().cloned());
    Ok(Exit::Given(hooks::main(arguments.collect())))
}
