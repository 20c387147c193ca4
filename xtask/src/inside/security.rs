//! Security tests: hostile images run through the real executables and real low-level runtimes, and
//! then the host is looked at. `docs/security.md` says which flaw of the field each of them stands for.

mod calls;
mod images;
mod place;
mod process;
mod race;

use super::check::Ledger;
use super::{Job, install};
use diag::Result;

/// Runs all security tests.
pub(super) fn run(job: &Job, thorough: bool) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    install(job)?;
    place::make_victim()?;
    images::run(job, &mut ledger)?;
    process::run(job, &mut ledger)?;
    calls::run(job, &mut ledger)?;
    race::run(job, thorough, &mut ledger)
}
