//! What commands ask of the machine beyond reading it: paths of the caller, changes, NVML.

use super::{Output, Session};
use diag::{Failure, Result};
use driver::NvmlSnapshot;
use host::{HostMut, JOURNAL_DIR};
use nvml::NvmlError;
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

    /// Removes a file that can be made again at any time, without the journal.
    pub(crate) fn remove_file(&self, path: &str) -> Result<()> {
        self.writable().remove_file(path)
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
