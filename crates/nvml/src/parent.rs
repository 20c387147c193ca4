//! The side that asks: starts the child, waits for it, and says what came of it.

use crate::answer;
use crate::{CHILD_ARGUMENT, SONAME};
use driver::{NvmlAnswer, NvmlSnapshot};
use host::exec::{Command, Output};
use host::{Environment, Host};
use std::fmt;
use std::time::{Duration, Instant};

/// How to ask.
#[derive(Clone, Debug)]
pub struct Options {
    /// Path of the library; `None` leaves the search for [`SONAME`] to the loader.
    pub library: Option<String>,
    /// When to give up. A first `nvmlInit` on a machine with eight GPUs and no persistence daemon
    /// takes seconds.
    pub deadline: Duration,
    /// Environment of the child. Empty by default; `nvidia-ctk`, an administrator's command, passes
    /// its own on.
    pub environment: Environment,
}

impl Default for Options {
    fn default() -> Self {
        Self { library: None, deadline: Duration::from_secs(30), environment: Environment::empty() }
    }
}

/// Why there is no snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NvmlError {
    /// What happened.
    pub kind: Kind,
}

/// What happened instead of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The library cannot be loaded; the loader's text.
    LibraryNotFound(String),
    /// NVML's return code and its own text: `(9, "Driver Not Loaded")`.
    Error(u32, String),
    /// No answer within the deadline; the child was killed.
    TimedOut(Duration),
    /// A signal ended the child: the library crashed.
    Crashed(i32),
    /// The child could not be started, or ended without an answer; the text says how.
    Garbled(String),
}

impl fmt::Display for NvmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::LibraryNotFound(text) => write!(f, "cannot load {SONAME}: {text}"),
            Kind::Error(code, text) => write!(f, "NVML says: {text} (error {code})"),
            Kind::TimedOut(deadline) => write!(f, "NVML gave no answer within {} ms", deadline.as_millis()),
            Kind::Crashed(signal) => write!(f, "NVML crashed with signal {signal}"),
            Kind::Garbled(text) => write!(f, "NVML could not be asked: {text}"),
        }
    }
}

impl std::error::Error for NvmlError {}

impl From<Kind> for NvmlError {
    fn from(kind: Kind) -> Self {
        Self { kind }
    }
}

/// Asks NVML of this machine in one session. `executable` is the absolute path of a program that
/// runs [`crate::child::main`] when its first argument is [`CHILD_ARGUMENT`].
///
/// # Errors
/// What happened instead. NVML can only answer for the running machine: any other `host` has none.
pub fn snapshot(host: &Host, executable: &str, options: &Options) -> Result<NvmlSnapshot, NvmlError> {
    if !host.is_live() {
        return Err(Kind::LibraryNotFound("this host is not the running machine".to_owned()).into());
    }
    let mut command = Command::new(executable).args([CHILD_ARGUMENT]).deadline(options.deadline);
    command = command.args(options.library.iter());
    command.env =
        options.environment.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let start = Instant::now();
    match command.run() {
        Ok(output) => read(&output),
        Err(_) if start.elapsed() >= options.deadline => Err(Kind::TimedOut(options.deadline).into()),
        Err(failure) => Err(Kind::Garbled(failure.chain()).into()),
    }
}

fn read(output: &Output) -> Result<NvmlSnapshot, NvmlError> {
    match (answer::find(&output.stdout), output.signal) {
        (Some(NvmlAnswer::Snapshot(snapshot)), _) => Ok(snapshot),
        (Some(NvmlAnswer::Error { code, text }), _) => Err(Kind::Error(code, text).into()),
        (Some(NvmlAnswer::LibraryNotFound { text }), _) => Err(Kind::LibraryNotFound(text).into()),
        (None, Some(signal)) => Err(Kind::Crashed(signal).into()),
        (None, None) => Err(Kind::Garbled(format!("it ended with {} and no answer", output.ending())).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driver::NvmlGpu;

    #[test]
    fn every_ending_of_the_child_is_told_apart() {
        let snapshot = NvmlSnapshot {
            driver_version: "580.95.05".to_owned(),
            cuda: Some((13, 0)),
            gpus: vec![NvmlGpu { name: "NVIDIA H100 80GB HBM3".to_owned(), minor: 7, ..NvmlGpu::default() }],
        };
        let error = NvmlAnswer::Error { code: 9, text: "Driver Not Loaded".to_owned() };
        let missing = NvmlAnswer::LibraryNotFound { text: "no such file".to_owned() };
        let noisy = format!(
            "library says hello\n{}bye\n",
            answer::line(&NvmlAnswer::Snapshot(snapshot.clone())).unwrap()
        );
        let table = [
            (noisy, None, Ok(snapshot)),
            (answer::line(&error).unwrap(), None, Err(Kind::Error(9, "Driver Not Loaded".to_owned()))),
            (answer::line(&missing).unwrap(), None, Err(Kind::LibraryNotFound("no such file".to_owned()))),
            (String::new(), Some(11), Err(Kind::Crashed(11))),
            (
                "{}\n".to_owned(),
                None,
                Err(Kind::Garbled("it ended with exit status 1 and no answer".to_owned())),
            ),
        ];
        for (stdout, signal, expected) in table {
            let code = if signal.is_none() { Some(1) } else { None };
            let output = Output { code, signal, stdout: stdout.into_bytes(), stderr: Vec::new() };
            assert_eq!(read(&output), expected.map_err(NvmlError::from));
        }
    }

    #[test]
    fn a_child_that_hangs_is_killed() {
        // `cat __nvml /dev/zero` fails on its first file and never ends on its second.
        let options = Options {
            library: Some("/dev/zero".to_owned()),
            deadline: Duration::from_millis(100),
            ..Options::default()
        };
        let answer = snapshot(&Host::live(), "/usr/bin/cat", &options);
        assert_eq!(answer, Err(Kind::TimedOut(options.deadline).into()));
    }

    #[test]
    fn a_child_that_cannot_be_started_is_no_crash() {
        let answer = snapshot(&Host::live(), "/nonexistent", &Options::default());
        assert!(matches!(answer, Err(NvmlError { kind: Kind::Garbled(_) })), "{answer:?}");
    }

    #[test]
    fn a_recorded_host_has_no_nvml() {
        let answer = snapshot(&Host::at("/nonexistent"), "/usr/bin/cat", &Options::default());
        assert!(matches!(answer, Err(NvmlError { kind: Kind::LibraryNotFound(_) })), "{answer:?}");
    }
}
