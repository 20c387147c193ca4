//! An open file, for reading at chosen places.

use crate::errors::cannot;
use crate::live::from_system;
use crate::stat::Stat;
use diag::{Failure, Result};
use rustix::fs;
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// An open file, for reading at chosen places.
#[derive(Debug)]
pub struct File {
    content: Content,
    path: String,
}

#[derive(Debug)]
enum Content {
    Open(OwnedFd),
    Recorded(Vec<u8>),
}

impl File {
    pub(crate) fn new(descriptor: OwnedFd, path: String) -> Self {
        Self { content: Content::Open(descriptor), path }
    }

    pub(crate) fn recorded(bytes: Vec<u8>, path: String) -> Self {
        Self { content: Content::Recorded(bytes), path }
    }

    /// Reads up to `length` bytes from `offset`; fewer only at the end of the file.
    ///
    /// # Errors
    /// When the system cannot read.
    pub fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        match &self.content {
            Content::Open(descriptor) => {
                read_range(descriptor, offset, length).map_err(|cause| cannot("read", &self.path, cause))
            }
            Content::Recorded(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                let end = start.saturating_add(length).min(bytes.len());
                Ok(bytes.get(start..end).unwrap_or_default().to_vec())
            }
        }
    }

    /// What a stream of records, such as `/dev/kmsg`, has to say now, up to about `limit` bytes; nobody
    /// waits for more. What the kernel overwrites meanwhile is skipped.
    ///
    /// # Errors
    /// When the system cannot read.
    pub fn read_now(&self, limit: usize) -> Result<Vec<u8>> {
        let descriptor = match &self.content {
            Content::Open(descriptor) => descriptor,
            Content::Recorded(bytes) => return Ok(bytes.clone()),
        };
        let (mut bytes, mut record) = (Vec::new(), vec![0; 8192]);
        while bytes.len() < limit {
            match rustix::io::read(descriptor, record.as_mut_slice()) {
                Ok(0) | Err(Errno::AGAIN) => break,
                Ok(length) => bytes.extend_from_slice(record.get(..length).unwrap_or_default()),
                Err(Errno::PIPE | Errno::INTR) => {}
                Err(cause) => return Err(cannot("read", &self.path, cause)),
            }
        }
        Ok(bytes)
    }

    /// The whole content if it is not longer than `limit` bytes, read from where the file stands.
    /// Files of procfs, whose size is unknown before, are read as well.
    pub(crate) fn read_limited(&self, limit: usize) -> Result<Vec<u8>> {
        let bytes = match &self.content {
            Content::Open(descriptor) => {
                read_all(descriptor, limit).map_err(|cause| cannot("read", &self.path, cause))?
            }
            Content::Recorded(bytes) => bytes.clone(),
        };
        if bytes.len() > limit {
            return Err(Failure::new(format!("{} is longer than {limit} bytes", self.path)));
        }
        Ok(bytes)
    }

    /// Attributes of an open file; `None` for a recorded one.
    pub(crate) fn stat(&self) -> Result<Option<Stat>> {
        match &self.content {
            Content::Open(descriptor) => {
                let stat = fs::fstat(descriptor).map_err(|cause| cannot("stat", &self.path, cause))?;
                Ok(Some(from_system(&stat)))
            }
            Content::Recorded(_) => Ok(None),
        }
    }
}

fn read_range(descriptor: &OwnedFd, offset: u64, length: usize) -> rustix::io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match rustix::io::pread(descriptor, rest, offset.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(cause) => return Err(cause),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Stops soon after `limit`: more is an error to the caller anyway.
fn read_all(descriptor: &OwnedFd, limit: usize) -> rustix::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 16 * 1024];
    while bytes.len() <= limit {
        match rustix::io::read(descriptor, &mut *chunk) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(chunk.get(..count).unwrap_or_default()),
            Err(Errno::INTR) => continue,
            Err(cause) => return Err(cause),
        }
        if bytes.len() >= 64 * 1024 && chunk.len() < 256 * 1024 {
            chunk.resize(256 * 1024, 0);
        }
    }
    Ok(bytes)
}
