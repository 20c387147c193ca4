//! Security tests: hostile images run through the real executables and real low-level runtimes, and
//! then the host is looked at. `docs/security.md` says which flaw of the field each of them stands for.

mod calls;
mod hostile;
mod images;
mod killed;
mod neighbour;
mod obstacles;
mod place;
mod process;
mod race;

pub(crate) use race::{Plan as RacePlan, carry_out as carry_out_rounds, hold as hold_rounds};

use super::check::Ledger;
use super::{Job, install, old_kernel};
use crate::exec::{capture, command};
use diag::Result;

/// Runs all security tests but the races.
pub(super) fn run(job: &Job, thorough: bool, with_old_kernel: bool) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    let runtimes = prepare(job, with_old_kernel)?;
    images::run(job, runtimes, thorough, &mut ledger)?;
    process::run(job, runtimes, &mut ledger)?;
    calls::run(job, &mut ledger)?;
    neighbour::run(&mut ledger)?;
    if !with_old_kernel {
        obstacles::run(job, runtimes, thorough, &mut ledger)?;
        killed::run(job, thorough, &mut ledger)?;
    }
    Ok(())
}

/// The simulation shows most folders of `/sys/module` by a mount for each.
const FEWER_MOUNTS: &str =
    "cut -d' ' -f5 /proc/self/mountinfo | grep '^/sys/module/[^n]' | xargs -r umount -l";

/// Runs the races.
pub(super) fn races(job: &Job, plan: &RacePlan) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    let runtimes = prepare(job, plan.old_kernel)?;
    // No hook looks at them, and each round makes a copy of every mount.
    capture(command(["sh", "-c"]).arg(FEWER_MOUNTS))?;
    race::run(job, plan, runtimes, &mut ledger)
}

/// Makes the machine that hostile images try to reach; gives the runtimes that can make containers on it.
fn prepare(job: &Job, with_old_kernel: bool) -> Result<&'static [&'static str]> {
    install(job)?;
    if with_old_kernel {
        old_kernel::pretend()?;
    }
    place::make_victim()?;
    // crun 1.21 itself makes no container on a kernel without these calls.
    Ok(if with_old_kernel { &["runc"] } else { &["runc", "crun"] })
}
