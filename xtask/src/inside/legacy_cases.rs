//! `docker run --gpus` and `nvidia-container-cli`: exactly the GPUs that were asked for, the libraries of the
//! capabilities, and no access to any other GPU's device.

mod access;
mod callers;
mod cdi_first;
mod daemon;
mod labels;
mod machines;
mod many;
pub(super) mod rootless;

pub(crate) use machines::{MACHINES, named as machine, run as on_machine};

use super::check::Ledger;
use super::docker::Docker;
use super::{Job, install};
use diag::Result;
use std::path::Path;

/// Runs all cases on this suite; `rootless` is a tree with what Docker needs to run without root.
pub(super) fn run(job: &Job, host: &[String], rootless: Option<&Path>) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    install(job)?;
    callers::run(job, host, &mut ledger)?;
    labels::run(job, &mut ledger)?;
    access::register_narrow()?;
    let mut docker = Docker::start(job.suite()?)?;
    let engine = format!("docker {}", docker.version()?);
    for image in ["glibc.tar", "busybox.tar"] {
        docker.load(&job.images.join(image))?;
    }
    access::run(&docker, &engine, &mut ledger)?;
    daemon::run(&mut docker, host, &engine, &mut ledger)?;
    cdi_first::run(&mut docker, host, &engine, &mut ledger)?;
    many::run(&docker, host, &engine, &mut ledger)?;
    docker.stop()?;
    match rootless {
        Some(tools) => rootless::run(job, tools, host, &mut ledger),
        None => Ok(()),
    }
}
