//! Becoming another program, as a runtime shim does.

use diag::{Failure, ResultExt};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;

/// Replaces this process by `program` (an absolute path) with the given arguments, the first of which
/// is the name it is called by. Environment, directory and open standard streams stay as they are;
/// the reaction to a broken pipe is the system's again, which Rust programs change at their start.
///
/// Comes back only when that fails, with the reason.
#[must_use]
pub fn hand_over(program: &str, args: &[OsString]) -> Failure {
    let (name, rest) = match args.split_first() {
        Some((name, rest)) => (name.clone(), rest),
        None => (program.into(), args),
    };
    let cause = std::process::Command::new(program).arg0(name).args(rest).exec();
    let failed: Result<(), Failure> = Err(cause).with_context(|| format!("cannot execute {program}"));
    failed.err().unwrap_or_else(|| Failure::new(format!("cannot execute {program}")))
}
