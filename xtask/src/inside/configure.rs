//! Engine configuration on real engines: files in the states in which they are met, changed by
//! `nvidia-ctk runtime configure`, read by the engine itself, and taken back byte for byte.

mod containerd;
pub(super) mod cri;
mod docker;
mod podman;
mod restart;
pub(super) mod services;
mod states;
mod trouble;

pub(super) use cri::Pod;

use super::check::Ledger;
use super::{Job, gpus_of_the_host, install};
use crate::exec::{capture, command, output};
use diag::{Failure, Result, ResultExt};
use states::State;
use std::fs;
use std::path::Path;

/// Runs all cases of one suite.
/// With `containers` every state of a file that its engine takes gives a container a GPU, not only some.
pub(super) fn run(job: &Job, containers: bool) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    let gpus = gpus_of_the_host()?;
    install(job)?;
    let every = containers.then_some(gpus.as_slice());
    docker::run(job, every, &mut ledger)?;
    containerd::run(job, every, &mut ledger)?;
    podman::run(job, &gpus, &mut ledger)?;
    trouble::run(&mut ledger)?;
    cri::run(job, &gpus, &mut ledger)?;
    restart::run(job, &mut ledger)
}

/// Puts a state in place, configures twice, lets the engine judge, and takes it back.
fn round_trip(engine: &str, state: &State, judge: impl FnOnce() -> Result<()>) -> Result<()> {
    round_trip_of(&["nvidia-ctk", "runtime", "configure", "--runtime", engine], state, judge)
}

/// The same with these words.
fn round_trip_of(words: &[&str], state: &State, judge: impl FnOnce() -> Result<()>) -> Result<()> {
    state.put()?;
    let words = words.iter().copied();
    capture(command(words.clone()).args(state.flags)).context("configuring failed")?;
    let again = output(command(words.clone()).args(state.flags))?;
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    if !said.contains("nothing was changed") {
        return Err(Failure::new(format!("a second run changes something:\n{said}")));
    }
    judge()?;
    let listed = capture(&mut command(["longshore", "undo"]))?;
    let id = listed.lines().last().and_then(|line| line.split_whitespace().next()).unwrap_or_default();
    capture(&mut command(["longshore", "undo", id])).context("taking it back failed")?;
    state.stands()
}

/// Removes a file or folder that may not be there.
fn clear(path: &str) -> Result<()> {
    let path = Path::new(path);
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed
        .or_else(crate::engines::missing_is_fine)
        .with_context(|| format!("cannot remove {}", path.display()))
}
