//! Adding lines to log files.

use crate::HostMut;
use crate::errors::cannot_change;
use diag::Result;
use rustix::fs::{self, CWD, Mode, OFlags};
use rustix::io::write;

impl HostMut {
    /// Adds bytes to the end of a file, in one write so that lines of several processes do not mix.
    /// A file that is missing is made with mode 644, and its directories with it.
    ///
    /// # Errors
    /// When it cannot be opened or written.
    pub fn append(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let real = self.writable_path(path)?;
        // A pipe without a reader must not stop us: a log is never worth waiting for.
        let flags = OFlags::WRONLY
            | OFlags::APPEND
            | OFlags::CREATE
            | OFlags::CLOEXEC
            | OFlags::NOCTTY
            | OFlags::NONBLOCK;
        let file = fs::openat(CWD, real, flags, Mode::from_raw_mode(0o644))
            .map_err(|cause| cannot_change("open", path, cause))?;
        write(&file, bytes).map_err(|cause| cannot_change("write", path, cause))?;
        Ok(())
    }
}
