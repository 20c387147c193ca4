//! Replacing a file at once: at any moment, also after a crash, the old or the new file is there.

use crate::errors::{cannot, cannot_change, is_absent};
use crate::host_mut::Durability;
use crate::live::from_system;
use crate::stat::{Kind, Stat};
use diag::{Failure, Result};
use rustix::fs::{self, AtFlags, FlockOperation, Gid, Mode, OFlags, Uid, XattrFlags};
use rustix::io::Errno;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};

/// How every temporary file starts. Whoever finds one that nobody holds a lock on may remove it.
pub(crate) const TEMPORARY_PREFIX: &str = ".longshore-tmp.";

/// Attributes that a file keeps beside mode and owner: its SELinux label and its access list.
const KEPT_ATTRIBUTES: [&str; 2] = ["security.selinux", "system.posix_acl_access"];

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A directory held open, in which files are replaced.
#[derive(Debug)]
pub(crate) struct Parent {
    descriptor: OwnedFd,
    real: String,
}

/// Where the attributes of the file that is written come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attributes {
    /// From the file in its place; without one, this mode and our own user.
    Kept(u32),
    /// This mode and owner (ours if `None`), whatever lies in its place.
    Fresh(u32, Option<(u32, u32)>),
}

/// The attributes themselves.
struct Found {
    mode: u32,
    owner: Option<(u32, u32)>,
    extended: Vec<(&'static str, Vec<u8>)>,
}

impl Parent {
    /// Opens the directory at `real`.
    pub(crate) fn open(real: &str) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor =
            fs::open(real, flags, Mode::empty()).map_err(|cause| cannot_change("open", real, cause))?;
        Ok(Self { descriptor, real: real.to_owned() })
    }

    /// Opens the directory at `real` if it is one itself and no link.
    pub(crate) fn open_own(real: &str) -> rustix::io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self { descriptor: fs::open(real, flags, Mode::empty())?, real: real.to_owned() })
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Replaces or creates the file `name` in this directory.
    pub(crate) fn replace(
        &self,
        name: &str,
        bytes: &[u8],
        attributes: Attributes,
        durability: Durability,
    ) -> Result<()> {
        let path = self.path(name);
        let attributes = match attributes {
            Attributes::Kept(mode) => self.kept(name, &path, mode)?,
            Attributes::Fresh(mode, owner) => Found { mode, owner, extended: Vec::new() },
        };
        self.remove_leftovers();
        let temporary = self.temporary(name)?;
        let outcome = temporary
            .fill(bytes, &attributes, durability)
            .and_then(|()| fs::renameat(&self.descriptor, &*temporary.name, &self.descriptor, name));
        if let Err(cause) = outcome {
            let _ = fs::unlinkat(&self.descriptor, &*temporary.name, AtFlags::empty());
            return Err(cannot_change("write", &path, cause));
        }
        self.sync(durability).map_err(|cause| cannot_change("write", &path, cause))
    }

    /// Makes or replaces the symbolic link `name` in this directory.
    pub(crate) fn link(&self, name: &str, target: &str) -> Result<()> {
        let temporary = temporary_name(name);
        let outcome = fs::symlinkat(target, &self.descriptor, &*temporary)
            .and_then(|()| fs::renameat(&self.descriptor, &*temporary, &self.descriptor, name));
        if let Err(cause) = outcome {
            let _ = fs::unlinkat(&self.descriptor, &*temporary, AtFlags::empty());
            return Err(cannot_change("link", &self.path(name), cause));
        }
        self.sync(Durability::Synced).map_err(|cause| cannot_change("link", &self.path(name), cause))
    }

    /// Removes the file or link `name`.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        fs::unlinkat(&self.descriptor, name, AtFlags::empty())
            .and_then(|()| self.sync(Durability::Synced))
            .map_err(|cause| cannot_change("remove", &self.path(name), cause))
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.real.trim_end_matches('/'))
    }

    fn sync(&self, durability: Durability) -> rustix::io::Result<()> {
        match durability {
            Durability::Synced => fs::fsync(&self.descriptor),
            Durability::Volatile => Ok(()),
        }
    }

    fn stat(&self, name: &str) -> rustix::io::Result<Option<Stat>> {
        match fs::statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(from_system(&stat))),
            Err(cause) if is_absent(cause) => Ok(None),
            Err(cause) => Err(cause),
        }
    }

    fn kept(&self, name: &str, path: &str, mode: u32) -> Result<Found> {
        let Some(old) = self.stat(name).map_err(|cause| cannot("stat", path, cause))? else {
            return Ok(Found { mode, owner: None, extended: Vec::new() });
        };
        if old.kind != Kind::File {
            return Err(Failure::coded(crate::codes::CANNOT_WRITE, format!("{path} is not a regular file")));
        }
        let extended =
            KEPT_ATTRIBUTES.iter().filter_map(|kept| Some((*kept, attribute(path, kept)?))).collect();
        Ok(Found { mode: old.mode, owner: Some((old.uid, old.gid)), extended })
    }

    /// Creates a temporary file and locks it: the lock says that its writer lives.
    fn temporary(&self, name: &str) -> Result<Temporary> {
        loop {
            let temporary = temporary_name(name);
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = match fs::openat(&self.descriptor, &*temporary, flags, Mode::from_raw_mode(0o600)) {
                Ok(file) => file,
                Err(Errno::EXIST) => continue,
                Err(cause) => return Err(cannot_change("create a file beside", &self.path(name), cause)),
            };
            match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                // Somebody tidying up came between creation and lock: the file is theirs.
                Err(Errno::AGAIN) => continue,
                Ok(()) if fs::fstat(&file).is_ok_and(|stat| stat.st_nlink == 0) => continue,
                // A file system without locks: nobody can tidy up there either.
                Ok(()) | Err(_) => return Ok(Temporary { file, name: temporary }),
            }
        }
    }

    /// Removes temporary files whose writers died. Best effort: a leftover harms nobody.
    fn remove_leftovers(&self) {
        for name in self.leftovers().unwrap_or_default() {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            match fs::openat(&self.descriptor, &*name, flags, Mode::empty()) {
                Ok(file) if fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() => {
                    let _ = fs::unlinkat(&self.descriptor, &*name, AtFlags::empty());
                }
                // A link is never locked; one that is older than its writer's two system calls is a leftover.
                Err(Errno::LOOP) if !self.is_fresh(&name) => {
                    let _ = fs::unlinkat(&self.descriptor, &*name, AtFlags::empty());
                }
                _ => {}
            }
        }
    }

    fn is_fresh(&self, name: &str) -> bool {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let age = |stat: Stat| i128::try_from(now.as_nanos()).unwrap_or(0) - stat.ctime_ns;
        self.stat(name).ok().flatten().is_some_and(|stat| age(stat) < 60_000_000_000)
    }

    fn leftovers(&self) -> rustix::io::Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in fs::Dir::read_from(&self.descriptor)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.starts_with(TEMPORARY_PREFIX) {
                found.push(name);
            }
        }
        Ok(found)
    }
}

struct Temporary {
    file: OwnedFd,
    name: String,
}

impl Temporary {
    fn fill(&self, bytes: &[u8], attributes: &Found, durability: Durability) -> rustix::io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match rustix::io::write(&self.file, rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(cause) => return Err(cause),
            }
        }
        let now = fs::fstat(&self.file)?;
        if let Some((uid, gid)) = attributes.owner.filter(|owner| *owner != (now.st_uid, now.st_gid)) {
            fs::fchown(&self.file, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
        }
        // After the owner: a change of owner clears set-user-id.
        fs::fchmod(&self.file, Mode::from_raw_mode(attributes.mode))?;
        for (name, value) in &attributes.extended {
            fs::fsetxattr(&self.file, *name, value, XattrFlags::empty())?;
        }
        match durability {
            Durability::Synced => fs::fsync(&self.file),
            Durability::Volatile => Ok(()),
        }
    }
}

fn attribute(path: &str, name: &str) -> Option<Vec<u8>> {
    let mut value = vec![0; 1024];
    let length = fs::lgetxattr(path, name, &mut *value).ok()?;
    value.truncate(length);
    Some(value)
}

fn temporary_name(name: &str) -> String {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let pid = rustix::process::getpid().as_raw_nonzero();
    // A file name has 255 bytes at most; the rest of ours needs fewer than 40.
    let stem: String = name.chars().take(50).collect();
    format!("{TEMPORARY_PREFIX}{stem}.{pid}.{number}")
}
