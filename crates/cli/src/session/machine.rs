//! What commands ask of the machine beyond reading it: paths of the caller, changes, NVML.

use super::{Output, Session};
use diag::{Failure, Result};
use driver::NvmlSnapshot;
use host::{HostMut, JOURNAL_DIR, Receipt};
use nvml::NvmlError;
use plan::Plan;
use std::io::Read;
use std::time::Duration;

/// The executable itself, for its child.
const THIS_EXECUTABLE: &str = "/proc/self/exe";

impl Session {
    /// The absolute form of a path that the caller gave: relative to the working directory.
    pub(crate) fn absolute(&self, path: &str) -> Result<String> {
        if path.starts_with('/') {
            return Ok(path.to_owned());
        }
        let directory = match &self.output {
            Output::Streams { .. } => std::env::current_dir(),
            #[cfg(test)]
            Output::Kept { .. } => Ok("/".into()),
        };
        let directory = directory.map_err(|cause| {
            Failure::new(format!("{path} has no place: no working directory")).caused_by(cause)
        })?;
        let joined = directory.join(path);
        let text =
            joined.to_str().ok_or_else(|| Failure::new(format!("{} is not UTF-8", joined.display())))?;
        Ok(text.to_owned())
    }

    /// The right to change this machine.
    pub(crate) fn writable(&self) -> HostMut {
        HostMut::new(self.host.clone(), self.journal_dir())
    }

    /// Root's changes are written down in one place; those of others in their own state directory
    /// (XDG Base Directory Specification).
    fn journal_dir(&self) -> String {
        let environment = self.host.environment();
        if self.host.uid() == 0 || !self.host.is_live() {
            return JOURNAL_DIR.to_owned();
        }
        let absolute = |name| environment.get(name).filter(|value| value.starts_with('/'));
        match (absolute("XDG_STATE_HOME"), absolute("HOME")) {
            (Some(state), _) => format!("{state}/longshore/journal"),
            (None, Some(home)) => format!("{home}/.local/state/longshore/journal"),
            (None, None) => JOURNAL_DIR.to_owned(),
        }
    }

    /// Waits before something is asked again.
    pub(crate) fn pause(&self, time: Duration) {
        if self.host.is_live() {
            std::thread::sleep(time);
        }
    }

    /// Carries out a plan, with an entry in the journal.
    pub(crate) fn apply(&self, plan: &Plan) -> Result<Receipt> {
        self.writable().apply(plan)
    }

    /// Writes a file that can be made again at any time: whole or not at all, without the journal.
    /// What is no regular file is not replaced; `/dev/stdout` means standard output.
    pub(crate) fn write_file(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        if path == "/dev/stdout" {
            self.out(&String::from_utf8_lossy(bytes));
            return Ok(());
        }
        let path = self.absolute(path)?;
        if self.host.stat(&path)?.is_some_and(|stat| !stat.is_file()) {
            return Err(Failure::new(format!("{path} is not a regular file; it was left as it is")));
        }
        self.writable().write_atomic(&path, bytes, 0o644)
    }

    /// Removes a file that can be made again at any time, without the journal.
    pub(crate) fn remove_file(&self, path: &str) -> Result<()> {
        self.writable().remove_file(path)
    }

    /// What is given on standard input, up to 16 MiB.
    pub(crate) fn standard_input(&self) -> Result<Vec<u8>> {
        const LIMIT: u64 = 16 * 1024 * 1024;
        let mut bytes = Vec::new();
        let mut input = std::io::stdin().lock().take(LIMIT + 1);
        input
            .read_to_end(&mut bytes)
            .map_err(|cause| Failure::new("cannot read standard input").caused_by(cause))?;
        if bytes.len() as u64 > LIMIT {
            return Err(Failure::new(format!("standard input is longer than {LIMIT} bytes")));
        }
        Ok(bytes)
    }

    /// The toolkit's settings file, where nothing names another.
    pub(crate) fn settings_path(&self) -> String {
        settings::location(|name| self.host.environment().get(name).map(str::to_owned))
    }

    /// Asks NVML in a child process, which gets the caller's environment: this is a command that
    /// somebody runs by hand, who may have pointed the loader at a library.
    /// The environment in `options` is not looked at.
    pub(crate) fn nvml(&self, options: nvml::Options) -> std::result::Result<NvmlSnapshot, NvmlError> {
        let environment = self.host.environment().clone();
        nvml::snapshot(&self.host, THIS_EXECUTABLE, &nvml::Options { environment, ..options })
    }
}
