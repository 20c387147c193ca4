//! The system calls that need unsafe code. The only file of this crate with any.
#![expect(unsafe_code, reason = "unshare, signal dispositions and an inherited descriptor have no safe form")]

use rustix::io::Errno;
use rustix::thread::{UnshareFlags, unshare_unsafe};
use std::fs::File;
use std::os::fd::{FromRawFd, RawFd};

/// Moves this process into a mount namespace of its own.
pub(super) fn unshare_mounts() -> Result<(), Errno> {
    // SAFETY: the file descriptor table stays shared, which is the one thing the function warns of.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }
}

/// Makes the next child of this process the first one of a new pid namespace.
pub(super) fn unshare_child_pids() -> Result<(), Errno> {
    // SAFETY: as above.
    unsafe { unshare_unsafe(UnshareFlags::NEWPID) }
}

/// Makes this process's control groups the roots of what it sees of their trees.
pub(super) fn unshare_cgroups() -> Result<(), Errno> {
    // SAFETY: as above.
    unsafe { unshare_unsafe(UnshareFlags::NEWCGROUP) }
}

/// What becomes of an interrupt from the terminal.
#[derive(Clone, Copy)]
pub(super) enum Interrupts {
    /// It is for the command alone.
    Ignored,
    /// As usual.
    Default,
}

/// Sets what becomes of `SIGINT` and `SIGQUIT`.
pub(super) fn set_interrupts(interrupts: Interrupts) {
    let disposition = match interrupts {
        Interrupts::Ignored => libc::SIG_IGN,
        Interrupts::Default => libc::SIG_DFL,
    };
    for signal in [libc::SIGINT, libc::SIGQUIT] {
        // SAFETY: both dispositions are the kernel's own; no handler of ours runs.
        unsafe { libc::signal(signal, disposition) };
    }
}

/// Takes over a descriptor that the parent process left open for us.
pub(super) fn inherited(number: RawFd) -> File {
    // SAFETY: the number comes from the process that started this one, which opened it for this
    // purpose; nothing else in this process knows it.
    unsafe { File::from_raw_fd(number) }
}
