//! Our own state that may vanish at any time, in a directory that nobody else can write.
//!
//! It is no change of the machine, so a [`Host`] is enough to keep one; but what is read back is
//! trusted with what goes into containers, so owner and mode are checked on the open descriptors.

use crate::errors::{cannot, cannot_change};
use crate::file::File;
use crate::host::Host;
use crate::host_mut::Durability;
use crate::live::from_system;
use crate::replace::{Attributes, Parent};
use crate::stat::{Kind, Stat};
use diag::{Failure, Result};
use rustix::fs::{self, CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How long to sleep between two tries for a lock.
const PAUSE: Duration = Duration::from_millis(1);

/// A directory of our own for state that may vanish.
#[derive(Debug)]
pub struct Cache {
    directory: Parent,
    path: String,
    user: u32,
}

/// A lock on a cache, held until dropped; the kernel frees it when its holder dies.
#[derive(Debug)]
pub struct Lock {
    _file: OwnedFd,
}

impl Cache {
    /// Opens the directory `path` of `host`, made with mode 755 if its parent is there and it is not.
    ///
    /// # Errors
    /// When it cannot be opened or made, or when somebody other than root and us owns it or may write
    /// to it.
    pub fn open(host: &Host, path: &str) -> Result<Self> {
        let unchangeable = || Failure::new("a recorded host keeps no cache");
        let real = host.real(path, false)?.ok_or_else(unchangeable)?;
        let directory = match Parent::open_own(&real) {
            Err(Errno::NOENT) => {
                match fs::mkdirat(CWD, &*real, Mode::from_raw_mode(0o755)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(cause) => return Err(cannot_change("make directory", path, cause)),
                }
                Parent::open_own(&real)
            }
            outcome => outcome,
        };
        let directory = directory.map_err(|cause| cannot("open", path, cause))?;
        let stat = fs::fstat(directory.descriptor()).map_err(|cause| cannot("stat", path, cause))?;
        let user = host.uid();
        trusted(&from_system(&stat), path, user)?;
        Ok(Self { directory, path: path.to_owned(), user })
    }

    /// The content of a file; `None` when there is none.
    ///
    /// # Errors
    /// When it is longer than `limit` bytes, cannot be read, is no regular file, or when somebody
    /// other than root and us owns it or may write to it.
    pub fn read(&self, name: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        let path = format!("{}/{name}", self.path);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let descriptor = match fs::openat(self.directory.descriptor(), name, flags, Mode::empty()) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT) => return Ok(None),
            Err(cause) => return Err(cannot("open", &path, cause)),
        };
        let file = File::new(descriptor, path.clone());
        let stat = file.stat()?.ok_or_else(|| Failure::new(format!("{path} is not open")))?;
        if stat.kind != Kind::File {
            return Err(Failure::new(format!("{path} is not a regular file")));
        }
        trusted(&stat, &path, self.user)?;
        file.read_limited(limit).map(Some)
    }

    /// Replaces or creates a file, mode 644 and ours whatever was there.
    ///
    /// # Errors
    /// When it cannot be written; what was there before is untouched.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.directory.replace(name, bytes, Attributes::Fresh(0o644, None), Durability::Volatile)
    }

    /// Takes the lock `name`, waiting for up to `wait`; `None` when somebody else held it all the time.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    pub fn lock(&self, name: &str, wait: Duration) -> Result<Option<Lock>> {
        let path = format!("{}/{name}", self.path);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = fs::openat(self.directory.descriptor(), name, flags, Mode::from_raw_mode(0o600))
            .map_err(|cause| cannot_change("open", &path, cause))?;
        let end = Instant::now() + wait;
        loop {
            match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Some(Lock { _file: file })),
                Err(Errno::AGAIN | Errno::INTR) if Instant::now() < end => std::thread::sleep(PAUSE),
                Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
                Err(cause) => return Err(cannot_change("lock", &path, cause)),
            }
        }
    }
}

/// Only root and we may have written it.
fn trusted(stat: &Stat, path: &str, user: u32) -> Result<()> {
    if stat.uid != 0 && stat.uid != user {
        return Err(Failure::new(format!("{path} belongs to user {}", stat.uid)));
    }
    if stat.mode & 0o022 != 0 {
        return Err(Failure::new(format!("{path} can be written by others (mode {:o})", stat.mode)));
    }
    Ok(())
}
