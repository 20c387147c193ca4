//! Reads of the few files outside the container that a hook needs: the bundle's `config.json`,
//! written by the engine, and the driver's tables in `/proc`, written by the kernel.

use crate::codes;
use diag::{Failure, Result};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use std::path::Path;

/// The whole regular file at `path`; `None` when there is none.
///
/// # Errors
/// When it is larger than `limit` bytes, not a regular file, or cannot be read.
pub fn read_optional(path: &Path, limit: usize) -> Result<Option<Vec<u8>>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = match open(path, flags, Mode::empty()) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        other => other.map_err(|errno| cannot_read(path, errno))?,
    };
    let stat = crate::Stat::from(rustix::fs::fstat(&fd).map_err(|errno| cannot_read(path, errno))?);
    if stat.kind != crate::Kind::File {
        return Err(Failure::coded(
            codes::HOST_FILE,
            format!("`{}` is {}, not a regular file", path.display(), stat.kind.describe()),
        ));
    }
    read_all(fd.into(), stat.size, path, limit).map(Some)
}

/// Like [`read_optional`] for a file that must be there.
///
/// # Errors
/// As there, and when there is no such file.
pub fn read(path: &Path, limit: usize) -> Result<Vec<u8>> {
    read_optional(path, limit)?.ok_or_else(|| cannot_read(path, Errno::NOENT))
}

/// `size` is what the file says; files of `/proc` say 0.
fn read_all(file: std::fs::File, size: u64, path: &Path, limit: usize) -> Result<Vec<u8>> {
    use std::io::Read;
    // Room for everything and one byte more, so that one call reads the file and one sees its end.
    let expected = usize::try_from(size).unwrap_or(usize::MAX).min(limit);
    let mut bytes = Vec::with_capacity(expected.max(4096) + 1);
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    file.take(bound).read_to_end(&mut bytes).map_err(|error| {
        Failure::coded(codes::HOST_FILE, format!("cannot read `{}`", path.display())).caused_by(error)
    })?;
    if bytes.len() > limit {
        let text = format!("`{}` is larger than {limit} bytes", path.display());
        return Err(Failure::coded(codes::HOST_FILE, text));
    }
    Ok(bytes)
}

fn cannot_read(path: &Path, errno: Errno) -> Failure {
    Failure::coded(codes::HOST_FILE, format!("cannot read `{}`", path.display()))
        .caused_by(std::io::Error::from(errno))
}
