//! What runs in the disposable child.

use crate::answer;
use crate::library::Library;
use crate::{SONAME, session};
use driver::NvmlAnswer;
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// Loads NVML, asks it everything in one session, writes the answer to standard output.
///
/// `args` are the arguments after [`crate::CHILD_ARGUMENT`]: the library's path or name, by default
/// [`SONAME`]. The exit code is 0 whenever an answer was written, also when it is an error.
#[must_use]
pub fn main(args: &[OsString]) -> ExitCode {
    settle();
    let library = args.first().map_or_else(|| OsString::from(SONAME), OsString::clone);
    let Some(line) = answer::line(&ask(&library)) else { return ExitCode::FAILURE };
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush());
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Die with the parent, and leave no core file when the library crashes. Both are a courtesy: on
/// failure the child works all the same.
fn settle() {
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

fn ask(name: &OsString) -> NvmlAnswer {
    let library = match Library::open(name) {
        Ok(library) => library,
        Err(text) => return NvmlAnswer::LibraryNotFound { text },
    };
    match session::ask(&library) {
        Ok(snapshot) => NvmlAnswer::Snapshot(snapshot),
        Err(code) => NvmlAnswer::Error { code: code.0, text: library.error_text(code) },
    }
}
