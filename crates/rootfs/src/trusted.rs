//! Reads of the few files outside the container that a hook needs: the bundle's `config.json`,
//! written by the engine, lists of our own, and the driver's tables in `/proc`, written by the kernel.

use crate::codes;
use diag::{Failure, Result};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, Stat, fstat, open};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::path::Path;

/// The whole regular file at `path`; `None` when there is none.
///
/// # Errors
/// When it is larger than `limit` bytes, not a regular file, or cannot be read.
pub fn read_optional(path: &Path, limit: usize) -> Result<Option<Vec<u8>>> {
    let Some((fd, stat)) = open_regular(path)? else { return Ok(None) };
    read_all(fd.into(), crate::Stat::from(stat).size, path, limit).map(Some)
}

/// The whole regular file at `path`, which decides over a container as `config.json` does: it must
/// belong to root or to the caller, and nobody else may be able to write to it. That is asked of the
/// open file, not of the path.
///
/// # Errors
/// When it is not so, and as [`read`].
pub fn read_owned(path: &Path, limit: usize) -> Result<Vec<u8>> {
    let (fd, stat) = open_regular(path)?.ok_or_else(|| cannot_read(path, Errno::NOENT))?;
    let is_trusted_owner = stat.st_uid == 0 || stat.st_uid == geteuid().as_raw() || is_unmapped(stat.st_uid);
    let (read_only, why) = (stat.st_mode & 0o022 == 0, "root must own it, and nobody else may write to it");
    if !is_trusted_owner || !read_only {
        return Err(
            Failure::coded(codes::HOST_FILE, format!("`{}` is not to be trusted", path.display())).hint(why)
        );
    }
    read_all(fd.into(), crate::Stat::from(stat).size, path, limit)
}

/// Like [`read_optional`] for a file that must be there.
///
/// # Errors
/// As there, and when there is no such file.
pub fn read(path: &Path, limit: usize) -> Result<Vec<u8>> {
    read_optional(path, limit)?.ok_or_else(|| cannot_read(path, Errno::NOENT))
}

fn open_regular(path: &Path) -> Result<Option<(OwnedFd, Stat)>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = match open(path, flags, Mode::empty()) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        other => other.map_err(|errno| cannot_read(path, errno))?,
    };
    let stat = fstat(&fd).map_err(|errno| cannot_read(path, errno))?;
    let kind = crate::Stat::from(stat).kind;
    if kind != crate::Kind::File {
        return Err(Failure::coded(
            codes::HOST_FILE,
            format!("`{}` is {}, not a regular file", path.display(), kind.describe()),
        ));
    }
    Ok(Some((fd, stat)))
}

/// Whether the number stands for all users that a user namespace does not know: the host's root among
/// them. A container in a namespace of its own has no more rights than that namespace, so whoever of
/// the host owns the file decides over nothing that is not theirs already.
fn is_unmapped(uid: u32) -> bool {
    const EVERYBODY: &[u8] = b"4294967295";
    let overflow = read_optional(Path::new("/proc/sys/kernel/overflowuid"), 64).ok().flatten();
    let map = read_optional(Path::new("/proc/self/uid_map"), 64 * 1024).ok().flatten().unwrap_or_default();
    let is_initial = map.split(u8::is_ascii_whitespace).any(|field| field == EVERYBODY);
    let overflow = overflow.and_then(|text| std::str::from_utf8(&text).ok()?.trim().parse::<u32>().ok());
    !is_initial && overflow == Some(uid)
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
