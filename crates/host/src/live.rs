//! The machine itself, or a directory taken as its root: plain system calls.

use crate::errors::{cannot, is_absent};
use crate::file::File;
use crate::in_root;
use crate::stat::{Entry, Kind, Stat};
use diag::Result;
use rustix::fs::{self, AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::os::fd::OwnedFd;

/// A directory as the root of a machine; `prefix` is empty for `/` itself.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    prefix: String,
}

impl Live {
    /// `root` without its final slashes becomes the prefix of every path.
    pub(crate) fn at(root: &str) -> Self {
        Self { prefix: root.trim_end_matches('/').to_owned() }
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The real path that `path` means. Below `/` the kernel resolves links; below another root we
    /// do, inside it. The last link is followed only if `follow`.
    pub(crate) fn real(&self, path: &str, follow: bool) -> Result<String> {
        if self.prefix.is_empty() {
            return Ok(path.to_owned());
        }
        Ok(format!("{}{}", self.prefix, self.canonical(path, follow)?))
    }

    /// `path` with all links resolved inside the root, whether or not its end exists.
    pub(crate) fn canonical(&self, path: &str, follow: bool) -> Result<String> {
        in_root::resolve(path, follow, |here| match read_link(&format!("{}{here}", self.prefix)) {
            Ok(target) => Ok(Some(target)),
            Err(Errno::INVAL) => Ok(None),
            Err(cause) if is_absent(cause) => Ok(None),
            Err(cause) => Err(cannot("read", here, cause)),
        })
    }

    pub(crate) fn open(&self, path: &str) -> Result<Option<File>> {
        match open(&self.real(path, true)?, OFlags::RDONLY) {
            Ok(descriptor) => Ok(Some(File::new(descriptor, path.to_owned()))),
            Err(cause) if is_absent(cause) => Ok(None),
            Err(cause) => Err(cannot("open", path, cause)),
        }
    }

    pub(crate) fn list(&self, path: &str) -> Result<Option<Vec<Entry>>> {
        match entries(&self.real(path, true)?) {
            Ok(entries) => Ok(Some(entries)),
            Err(cause) if is_absent(cause) => Ok(None),
            Err(cause) => Err(cannot("list", path, cause)),
        }
    }

    pub(crate) fn stat(&self, path: &str, follow: bool) -> Result<Option<Stat>> {
        let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
        match fs::statat(CWD, self.real(path, follow)?, flags) {
            Ok(stat) => Ok(Some(from_system(&stat))),
            Err(cause) if is_absent(cause) => Ok(None),
            Err(cause) => Err(cannot("stat", path, cause)),
        }
    }

    pub(crate) fn read_link(&self, path: &str) -> Result<Option<String>> {
        match read_link(&self.real(path, false)?) {
            Ok(target) => Ok(Some(target)),
            Err(Errno::INVAL) => Ok(None),
            Err(cause) if is_absent(cause) => Ok(None),
            Err(cause) => Err(cannot("read link", path, cause)),
        }
    }
}

pub(crate) fn from_system(stat: &fs::Stat) -> Stat {
    let time = |seconds: i64, nanoseconds: u64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    Stat {
        kind: kind(FileType::from_raw_mode(stat.st_mode)),
        mode: stat.st_mode & 0o7777,
        uid: stat.st_uid,
        gid: stat.st_gid,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        dev: stat.st_dev,
        ino: stat.st_ino,
        mtime_ns: time(stat.st_mtime, stat.st_mtime_nsec),
        ctime_ns: time(stat.st_ctime, stat.st_ctime_nsec),
        major: fs::major(stat.st_rdev),
        minor: fs::minor(stat.st_rdev),
    }
}

fn open(real: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    fs::open(real, flags | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK, Mode::empty())
}

fn entries(real: &str) -> rustix::io::Result<Vec<Entry>> {
    let directory = open(real, OFlags::RDONLY | OFlags::DIRECTORY)?;
    let mut buffer = Vec::with_capacity(32 * 1024);
    let mut reader = fs::RawDir::new(directory, buffer.spare_capacity_mut());
    let mut entries = Vec::new();
    while let Some(entry) = reader.next() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            entries.push(Entry {
                name: String::from_utf8_lossy(name).into_owned(),
                kind: kind(entry.file_type()),
            });
        }
    }
    entries.sort_unstable();
    Ok(entries)
}

fn read_link(real: &str) -> rustix::io::Result<String> {
    let target = fs::readlink(real, Vec::new())?;
    Ok(target.to_string_lossy().into_owned())
}

fn kind(kind: FileType) -> Kind {
    match kind {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Link,
        FileType::CharacterDevice => Kind::CharDevice,
        FileType::BlockDevice => Kind::BlockDevice,
        FileType::Socket => Kind::Socket,
        FileType::Fifo => Kind::Fifo,
        _ => Kind::Unknown,
    }
}
