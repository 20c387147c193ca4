//! What a command works with: the machine, the caller's environment, and the one place that prints.

#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::disallowed_methods,
        reason = "the entry point of the executables: prints, and asks who runs it"
    )
)]

mod files;
pub(crate) mod log;

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod machine;

pub(crate) use files::slashed;

use crate::exit::Exit;
use diag::Failure;
use diag::render::logrus::Level;
use host::Host;
use log::Form;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// One run of a command.
#[derive(Debug)]
pub(crate) struct Session {
    /// The machine and the caller's environment.
    pub(crate) host: Host,
    form: Form,
    level: Level,
    output: Output,
}

/// Where text goes.
#[derive(Debug)]
enum Output {
    /// The process's own streams; `lost` after a write to standard output failed.
    Streams { lost: bool },
    /// Kept, for tests: standard output and standard error.
    #[cfg(test)]
    Kept { out: String, err: String },
}

impl Session {
    /// The session of this process on this machine.
    pub(crate) fn live() -> Self {
        Self {
            host: Host::live(),
            form: Form::Plain,
            level: Level::Info,
            output: Output::Streams { lost: false },
        }
    }

    /// A session whose output is kept.
    #[cfg(test)]
    pub(crate) fn kept(host: Host) -> Self {
        let output = Output::Kept { out: String::new(), err: String::new() };
        Self { host, form: Form::Plain, level: Level::Info, output }
    }

    /// What was printed so far: standard output and standard error.
    #[cfg(test)]
    pub(crate) fn printed(&self) -> (&str, &str) {
        match &self.output {
            Output::Kept { out, err } => (out, err),
            Output::Streams { .. } => ("", ""),
        }
    }

    /// Logs as Go's logrus does from now on.
    pub(crate) fn log_like_logrus(&mut self) {
        let terminal = matches!(self.output, Output::Streams { .. }) && std::io::stderr().is_terminal();
        self.form = if terminal { Form::LogrusTerminal } else { Form::Logrus };
    }

    /// Logs up to this level from now on.
    pub(crate) fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    /// Logs everything from now on, unless only errors are wanted.
    pub(crate) fn tell_all(&mut self) {
        if self.level != Level::Error {
            self.level = Level::Debug;
        }
    }

    /// Prints results. A reader that went away is not an error (`| head`); any other failure to
    /// write is remembered and makes the exit code 1.
    pub(crate) fn out(&mut self, text: &str) {
        match &mut self.output {
            Output::Streams { lost } => {
                let mut stream = std::io::stdout().lock();
                let written = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
                *lost |= written.is_err_and(|cause| cause.kind() != std::io::ErrorKind::BrokenPipe);
            }
            #[cfg(test)]
            Output::Kept { out, .. } => out.push_str(text),
        }
    }

    /// Prints messages for people. Nothing can be done when that fails.
    pub(crate) fn err(&mut self, text: &str) {
        match &mut self.output {
            Output::Streams { .. } => drop(std::io::stderr().lock().write_all(text.as_bytes())),
            #[cfg(test)]
            Output::Kept { err, .. } => err.push_str(text),
        }
    }

    /// Logs what is worth knowing only when something is amiss.
    pub(crate) fn debug(&mut self, message: &str) {
        self.log(Level::Debug, message);
    }

    /// Logs what was done.
    pub(crate) fn info(&mut self, message: &str) {
        self.log(Level::Info, message);
    }

    /// Logs what will hurt some uses.
    pub(crate) fn warn(&mut self, message: &str) {
        self.log(Level::Warning, message);
    }

    /// Reports the failure that ends the command.
    pub(crate) fn fail(&mut self, failure: &Failure) {
        self.err(&log::failure(self.form, failure, now()));
    }

    fn log(&mut self, level: Level, message: &str) {
        if level >= self.level {
            self.err(&log::line(self.form, level, message, now()));
        }
    }

    /// Whether to use colour on standard output: a terminal, and `NO_COLOR` unset or empty
    /// (<https://no-color.org>).
    pub(crate) fn colour(&self) -> bool {
        let refused = self.host.environment().get("NO_COLOR").is_some_and(|value| !value.is_empty());
        // The old console of Windows prints escape sequences; the terminals that name themselves read them.
        let read = !cfg!(windows)
            || ["WT_SESSION", "TERM", "TERM_PROGRAM", "ConEmuANSI"]
                .iter()
                .any(|name| self.host.environment().get(name).is_some());
        !refused && read && matches!(self.output, Output::Streams { .. }) && std::io::stdout().is_terminal()
    }

    /// Whether standard input is somebody's keyboard, so that waiting for it would surprise.
    pub(crate) fn is_typed(&self) -> bool {
        !matches!(self.output, Output::Streams { .. }) || std::io::stdin().is_terminal()
    }

    /// Whether somebody can be asked a question: both ends are a terminal.
    pub(crate) fn can_ask(&self) -> bool {
        let streams = matches!(self.output, Output::Streams { .. });
        streams && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    /// One line from the keyboard.
    pub(crate) fn typed_line(&self) -> diag::Result<String> {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        read.map_err(|cause| Failure::new("cannot read the answer").caused_by(cause))?;
        Ok(line)
    }

    /// The exit code of the process.
    pub(crate) fn finish(&self, exit: Exit) -> ExitCode {
        let lost = matches!(self.output, Output::Streams { lost: true });
        let exit = if lost && exit == Exit::Well { Exit::Failed } else { exit };
        exit.code()
    }
}

/// Seconds since 1970; 0 when the clock stands before that.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
