//! `longshore setup` on a machine with systemd and apt: from many states to a GPU in a container, and back to
//! what there was: packages, files and units compared. Interrupted at each step it goes on; what ends it
//! says why.

mod broken;
mod machine;
mod starts;

use super::Job;
use super::check::Ledger;
use diag::Result;
use machine::Place;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the tests need.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Parts {
    /// A flat repository with Docker.
    pub(crate) repository: PathBuf,
    /// Our package.
    pub(crate) package: PathBuf,
    /// A package with the name of the original's.
    pub(crate) original: PathBuf,
    /// The folder of the last two.
    pub(crate) folder: PathBuf,
    /// Whether all is tried, and not only what a new machine meets.
    pub(crate) thorough: bool,
}

/// A case: what is tried, and how.
type Case = (&'static str, fn(&mut Place) -> Result<()>);

/// Those of every run.
const SHORT: &[Case] = &[
    ("from nothing to a GPU and back, killed at every step of both ways", starts::killed_at_every_step),
    ("from Docker Desktop's residue beside real logins", starts::residue),
    ("asked on a terminal", starts::asked),
    ("a full disk and a lost network are told as such", broken::told),
];

/// Those of a thorough one.
const LONG: &[Case] = &[
    ("from nothing to a GPU and back", starts::nothing),
    ("a loss of power in the midst", starts::loss_of_power),
    ("from the original's package and settings", starts::original),
    ("from broken lists", broken::lists),
    ("with a second daemon", starts::second_daemon),
];

/// Runs the cases one after the other on one machine: each leaves it as it found it.
pub(super) fn run(job: &Job, parts: &Parts) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    let mut place = Place::new(job, parts)?;
    let long = if parts.thorough { LONG } else { &[] };
    for (case, work) in SHORT.iter().chain(long) {
        ledger.check("trixie, systemd, apt", case, || {
            let before = place.state()?;
            work(&mut place)?;
            place.is_as(&before)
        })?;
    }
    Ok(())
}
