//! The one way a path is looked up: inside the root, whatever links say.

mod emulated;

use crate::kernel::{is_of_kernel, is_proc};
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat, openat2};
use rustix::io::{Errno, Result};
use std::ffi::OsStr;
use std::sync::atomic::{AtomicBool, Ordering};

/// How often a look-up is repeated that raced with a rename elsewhere in the tree. The kernel gives
/// EAGAIN when it cannot be sure that `..` stayed inside; see openat2(2).
const ATTEMPTS: usize = 128;

/// Opens `path` relative to `root`. Absolute links and `..` mean the root; magic links (those of
/// `/proc/*/fd`, `root`, `cwd`, `exe`, `ns`) are refused with ELOOP.
pub(crate) fn open(root: BorrowedFd<'_>, path: &OsStr, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    if MISSING.load(Ordering::Relaxed) {
        return emulated::open(root, path, flags);
    }
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    for _ in 0..ATTEMPTS {
        match openat2(root, path, flags | OFlags::CLOEXEC, mode, resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            // A kernel without the call, or a seccomp profile that does not know it.
            Err(Errno::NOSYS | Errno::PERM) => {
                let opened = emulated::open(root, path, flags);
                MISSING.store(!matches!(opened, Err(Errno::PERM)), Ordering::Relaxed);
                return opened;
            }
            other => return other,
        }
    }
    Err(Errno::AGAIN)
}

/// Whether this kernel has shown to lack `openat2`.
static MISSING: AtomicBool = AtomicBool::new(false);

/// The thing at `path`, opened for nothing but naming it.
pub(crate) fn name(root: BorrowedFd<'_>, path: &OsStr, follow_last: bool) -> Result<OwnedFd> {
    let last = if follow_last { OFlags::empty() } else { OFlags::NOFOLLOW };
    open(root, path, OFlags::PATH | last, Mode::empty())
}

/// A regular file at `path` for reading. What lies there is looked at through a descriptor that
/// opens nothing before it is opened at all: a fifo would make us wait, opening a device node can have
/// effects, and so can reading from the kernel (EINVAL for all of them).
pub(crate) fn regular(root: BorrowedFd<'_>, path: &OsStr) -> Result<Option<(OwnedFd, Stat)>> {
    let named = match name(root, path, true) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        other => other?,
    };
    let stat = fstat(&named)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || is_of_kernel(&named)? {
        return Err(Errno::INVAL);
    }
    Ok(Some((for_reading(&named)?, stat)))
}

/// Opens for reading what a descriptor names: that very file or directory, whatever has come to lie at its
/// path. It goes through our own entry in procfs, of which we make sure that it is one.
pub(crate) fn for_reading(named: &OwnedFd) -> Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let proc = rustix::fs::open("/proc", flags, Mode::empty())?;
    if !is_proc(&proc)? {
        return Err(Errno::NOENT);
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = openat(&proc, format!("self/fd/{}", named.as_raw_fd()), flags, Mode::empty())?;
    let identity = |fd: &OwnedFd| fstat(fd).map(|stat| (stat.st_dev, stat.st_ino));
    if identity(&opened)? == identity(named)? { Ok(opened) } else { Err(Errno::STALE) }
}
