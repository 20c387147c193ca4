//! What the person at the terminal sees while xtask works: one line per step, with its time.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr};
use std::time::Instant;

/// A step in progress; says how long it took when it is done.
#[derive(Debug)]
pub(crate) struct Step {
    name: String,
    started: Instant,
    live: bool,
}

impl Step {
    /// Announces a step.
    pub(crate) fn start(name: impl Into<String>) -> Self {
        let step = Self { name: name.into(), started: Instant::now(), live: stderr().is_terminal() };
        if step.live {
            eprint!("  … {}", step.name);
            let _shown = stderr().flush();
        }
        step
    }

    /// Ends the step with a remark (empty for none).
    pub(crate) fn done(self, remark: impl Display) {
        self.end("ok", &remark.to_string());
    }

    /// Ends the step as failed.
    pub(crate) fn failed(self) {
        self.end("FAILED", "");
    }

    fn end(self, mark: &str, remark: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        let clear = if self.live { "\r\x1b[K" } else { "" };
        let remark = if remark.is_empty() { String::new() } else { format!(", {remark}") };
        eprintln!("{clear}  {mark:6} {} ({seconds:.1} s{remark})", self.name);
    }
}

/// Runs one step and marks its end.
pub(crate) fn step<T>(name: impl Into<String>, work: impl FnOnce() -> diag::Result<T>) -> diag::Result<T> {
    let step = Step::start(name);
    match work() {
        Ok(value) => {
            step.done("");
            Ok(value)
        }
        Err(failure) => {
            step.failed();
            Err(failure)
        }
    }
}
