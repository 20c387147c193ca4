//! The three system interfaces that rustix does not wrap.
#![expect(unsafe_code, reason = "mount_setattr, close_range and clearenv have no safe wrapper in rustix")]

use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::fs::{Dir, Mode, OFlags};
use rustix::io::{Errno, Result};

pub(crate) const RDONLY: u64 = libc::MOUNT_ATTR_RDONLY;
pub(crate) const NOSUID: u64 = libc::MOUNT_ATTR_NOSUID;
pub(crate) const NODEV: u64 = libc::MOUNT_ATTR_NODEV;
pub(crate) const NOEXEC: u64 = libc::MOUNT_ATTR_NOEXEC;

/// What `mount_setattr` changes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attributes {
    /// `MOUNT_ATTR_*` to set.
    pub(crate) set: u64,
    /// `MOUNT_ATTR_*` to clear.
    pub(crate) clear: u64,
    /// Make the mount private.
    pub(crate) private: bool,
}

/// Changes the mount that `fd` is the root of, and no mount below it. Linux 5.12.
pub(crate) fn mount_setattr(fd: BorrowedFd<'_>, attributes: Attributes) -> Result<()> {
    let raw = libc::mount_attr {
        attr_set: attributes.set,
        attr_clr: attributes.clear,
        propagation: if attributes.private { libc::MS_PRIVATE } else { 0 },
        userns_fd: 0,
    };
    // SAFETY: the path is an empty NUL-terminated string, `raw` is a live `mount_attr` and its true
    // size is passed, so the kernel reads only memory that is ours; it writes none.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            fd.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            &raw const raw,
            size_of::<libc::mount_attr>(),
        )
    };
    outcome(result)
}

/// Closes every descriptor from 3 on.
pub(crate) fn close_all_but_standard() {
    // SAFETY: closing numbers touches no memory. The caller promises (see `process::harden`) that no
    // owned descriptor exists yet, so no value of this program loses its descriptor.
    let result = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) };
    if outcome(result).is_err() {
        for number in open_numbers().unwrap_or_else(|_| (3..1024).collect()) {
            // SAFETY: as above; numbers that are not open give EBADF and nothing else.
            unsafe { libc::close(number) };
        }
    }
}

/// The open descriptors from 3 on, as the kernel lists them; for kernels before 5.9.
fn open_numbers() -> Result<Vec<i32>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let list = rustix::fs::open("/proc/self/fd", flags, Mode::empty())?;
    let own = list.as_raw_fd();
    let names =
        Dir::read_from(&list)?.filter_map(|entry| entry.ok()?.file_name().to_str().ok()?.parse().ok());
    // The list's own descriptors are closed by their owners.
    let numbers: Vec<i32> = names.filter(|number| *number > 2 && *number != own).collect();
    Ok(numbers)
}

/// Forgets the whole environment.
pub(crate) fn clear_environment() {
    // SAFETY: the caller promises (see `process::harden`) that there is only one thread and that
    // nothing borrows from the environment.
    unsafe { libc::clearenv() };
}

fn outcome(result: libc::c_long) -> Result<()> {
    if result == 0 {
        return Ok(());
    }
    Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL))
}
