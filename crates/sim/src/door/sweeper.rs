//! The process that removes a simulation's control groups once it is over, also when its launcher was
//! killed: groups are the one thing of it that the kernel does not take away by itself.

use super::cgroups;
use super::orders;
use diag::{Result, ResultExt};
use rustix::process::setsid;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

/// First argument of the executable when it is started as this process; the second is the number of
/// the descriptor from which it reads its orders.
pub(crate) const SWEEPER_ARGUMENT: &str = "__simulation-sweeper";
/// How often it looks, at intervals of [`PAUSE`], whether the last process inside is gone.
const TRIES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);

/// What it has to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    /// The groups to remove.
    pub(super) groups: Vec<PathBuf>,
}

/// Does the work of this process.
///
/// # Errors
/// Orders that cannot be read.
pub(crate) fn sweep(descriptor: &str) -> Result<i32> {
    // What interrupts or hangs up the command must not keep this process from its work.
    setsid().context("cannot leave the launcher's session")?;
    let (orders, mut launcher) = orders::take::<Orders>(descriptor)?;
    // Nothing more is ever written: this returns when the launcher is gone.
    let _ = launcher.read(&mut [0]);
    for _ in 0..TRIES {
        if cgroups::remove_groups(&orders.groups) {
            return Ok(0);
        }
        sleep(PAUSE);
    }
    Ok(1)
}
