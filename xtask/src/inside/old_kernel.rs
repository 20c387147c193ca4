//! A kernel of 4.18, as far as the mount and look-up interfaces go: this process and all that it starts
//! get ENOSYS for the calls that came later.

use diag::{Failure, Result, ResultExt};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
use std::env::consts::ARCH;

/// Numbers of the calls, the same on every architecture: `open_tree`, `move_mount`, `fsopen`,
/// `fsconfig`, `fsmount`, `fspick`, `pidfd_open`, `close_range`, `openat2`, `mount_setattr`,
/// `open_tree_attr`.
const LATER: [i64; 11] = [428, 429, 430, 431, 432, 433, 434, 436, 437, 442, 467];

/// Takes the calls away for good.
pub(super) fn pretend() -> Result<()> {
    let arch = TargetArch::try_from(ARCH).context("no system call filters for this machine")?;
    let rules = LATER.iter().map(|number| (*number, Vec::new())).collect();
    let missing = SeccompAction::Errno(u32::try_from(Errno::NOSYS.raw_os_error()).unwrap_or(38));
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, missing, arch);
    let program = filter.and_then(BpfProgram::try_from).context("cannot make a system call filter")?;
    apply_filter(&program).context("cannot filter system calls")?;
    match openat2(CWD, "/", OFlags::PATH, Mode::empty(), ResolveFlags::empty()) {
        Err(Errno::NOSYS) => Ok(()),
        other => Err(Failure::new(format!("openat2 is still there: {other:?}"))),
    }
}
