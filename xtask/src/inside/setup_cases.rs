//! `longshore setup` on a machine with systemd and apt: from many states to a GPU in a container, and back to
//! what there was: packages, files and units compared. Interrupted at each step it goes on; what ends it
//! says why.

mod broken;
mod docker;
mod machine;
mod options;
mod proxy;
mod script;
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
    /// A mirror of Docker's repository, where it could be made.
    pub(crate) docker: Option<PathBuf>,
    /// A flat repository with our package in two versions.
    pub(crate) ours: PathBuf,
    /// A package with the name of Docker Desktop's.
    pub(crate) desktop: PathBuf,
    /// The folder of all these but the first.
    pub(crate) folder: PathBuf,
    /// Whether all is tried, and not only what a new machine meets.
    pub(crate) thorough: bool,
    /// Only cases with some of these words are tried (`one|other`), of all that there are; empty: no choice.
    pub(crate) only: String,
}

/// A case: what is tried, and how.
type Case = (&'static str, fn(&mut Place) -> Result<()>);

/// Those of every run.
const SHORT: &[Case] = &[
    ("from nothing to a GPU and back, killed at every step of both ways", starts::killed_at_every_step),
    ("from Docker Desktop's residue beside real logins", starts::residue),
    ("asked on a terminal", starts::asked),
    ("a full disk and a lost network are told as such", broken::told),
    ("from Docker's repository behind a proxy, its key expired on this machine", docker::renewed),
];

/// Those of a thorough one.
const LONG: &[Case] = &[
    ("from nothing to a GPU and back", starts::nothing),
    ("a loss of power in the midst", starts::loss_of_power),
    ("from the original's package and settings", starts::original),
    ("from broken lists", broken::lists),
    ("with a second daemon", starts::second_daemon),
    (
        "Docker's repository in place of the distribution's: asked, refused while containers run",
        docker::in_place,
    ),
    ("a list of Docker's repository of an older guide", docker::older_list),
    ("a list whose key is gone, or has another form than its name says", docker::keys),
    ("Docker Desktop stays, goes when asked, and comes back", options::desktop),
    ("a version of choice of the toolkit", options::version),
    ("a held package, a lock, an interrupted dpkg", broken::dpkg),
    ("the script does what the set-up does", script::same),
    ("Docker without root", options::rootless),
];

/// Runs the cases one after the other on one machine: each leaves it as it found it.
pub(super) fn run(job: &Job, parts: &Parts) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    let mut place = Place::new(job, parts)?;
    let long = if parts.thorough || !parts.only.is_empty() { LONG } else { &[] };
    let wanted = |case: &&Case| parts.only.split('|').any(|words| case.0.contains(words));
    for (case, work) in SHORT.iter().chain(long).filter(wanted) {
        ledger.check("trixie, systemd, apt", case, || {
            let before = place.state()?;
            work(&mut place)?;
            place.is_as(&before)
        })?;
    }
    Ok(())
}
