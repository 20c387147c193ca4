//! A regular file of the container, open for bounded reads.

use crate::failing::failed;
use crate::{Stat, codes};
use diag::{Failure, Result};
use rustix::fd::OwnedFd;
use rustix::io::{Errno, pread};

/// An open regular file; all reads are bounded and at explicit offsets.
#[derive(Debug)]
pub struct RegularFile {
    fd: OwnedFd,
    stat: Stat,
    shown: String,
}

impl RegularFile {
    pub(crate) fn new(fd: OwnedFd, stat: Stat, shown: String) -> Self {
        Self { fd, stat, shown }
    }

    /// Facts about the file when it was opened.
    #[must_use]
    pub fn stat(&self) -> Stat {
        self.stat
    }

    /// Up to `length` bytes from `offset`; fewer only at the end of the file.
    ///
    /// # Errors
    /// When the kernel cannot read them.
    pub fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            match pread(&self.fd, &mut bytes[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(failed(codes::UNREADABLE, "cannot read", &self.shown, errno)),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// The whole file, which must not be larger than `limit` bytes.
    ///
    /// # Errors
    /// When it is larger, or grows beyond `limit` while it is read, or cannot be read.
    pub fn read(&self, limit: usize) -> Result<Vec<u8>> {
        // One byte more than wanted tells whether the file is longer than it said.
        let expected = usize::try_from(self.stat.size).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        if expected <= limit {
            bytes = self.read_at(0, expected.saturating_add(1))?;
            // A file that grows says too little.
            if bytes.len() > expected {
                bytes = self.read_at(0, limit.saturating_add(1))?;
            }
        }
        if expected > limit || bytes.len() > limit {
            return Err(Failure::coded(
                codes::UNREADABLE,
                format!("`{}` in the container is larger than {limit} bytes", self.shown),
            )
            .hint("no such file of a sound image is that large; use another image"));
        }
        Ok(bytes)
    }
}
