//! Security tests: hostile images run through the real executables and real low-level runtimes, and
//! then the host is looked at. `docs/security.md` says which flaw of the field each of them stands for.

mod calls;
mod images;
mod killed;
mod neighbour;
mod place;
mod process;
mod race;

use super::check::Ledger;
use super::{Job, install, old_kernel};
use diag::Result;

/// Runs all security tests.
pub(super) fn run(job: &Job, thorough: bool, with_old_kernel: bool) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    install(job)?;
    if with_old_kernel {
        old_kernel::pretend()?;
    }
    place::make_victim()?;
    // crun 1.21 itself makes no container on a kernel without these calls.
    let runtimes: &[&str] = if with_old_kernel { &["runc"] } else { &["runc", "crun"] };
    images::run(job, runtimes, &mut ledger)?;
    process::run(job, runtimes, &mut ledger)?;
    calls::run(job, &mut ledger)?;
    neighbour::run(&mut ledger)?;
    if !with_old_kernel {
        killed::run(job, thorough, &mut ledger)?;
    }
    race::run(job, thorough, runtimes, &mut ledger)
}
