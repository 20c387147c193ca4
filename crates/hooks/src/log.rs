//! What a hook says: to standard error, where the OCI runtime picks it up for its own error.

use diag::Failure;
use diag::render::logrus::{self, Level};
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// Text that was asked for, to standard output.
pub(crate) fn output(text: &str) {
    // Nobody can be told when standard output is closed.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// A warning in the original's form, which log collectors know.
pub(crate) fn warning(message: &str) {
    say(Level::Warning, message);
}

/// What was decided, for those who look for the reason.
pub(crate) fn info(message: &str) {
    say(Level::Info, message);
}

fn say(level: Level, message: &str) {
    let line = logrus::text(seconds_now(), level, message);
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Why the container does not start, in one line: engines show it to the user as it is.
pub(crate) fn error(failure: &Failure) {
    let _ = std::io::stderr().write_all(format!("nvidia-cdi-hook: {}\n", failure.line()).as_bytes());
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}
