//! `cargo xtask bench --doctor`: how long a whole run of a release build's `longshore doctor` takes where
//! Docker runs and Podman is installed, on a machine that is well and on one whose NVML hangs.

use super::numbers::median;
use crate::dist;
use crate::engines::{self, Suite};
use crate::exec::{command, output, visible};
use crate::inside::{Docker, Job, Task, install, scratch};
use crate::project::Project;
use crate::simulated::{self, Cgroup, Simulated};
use diag::{Failure, Result, ResultExt};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What is to be measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct DoctorPlan {
    /// How often each engine is asked about.
    pub(crate) rounds: usize,
    /// Whether the machine's NVML hangs.
    pub(crate) hanging: bool,
    /// The folder with a release build, under the name `nvidia-ctk`.
    pub(crate) release: PathBuf,
}

impl DoctorPlan {
    /// The machine: eight GPUs.
    pub(crate) fn description(&self) -> &'static str {
        match self.hanging {
            false => "summary = \"all is well\"\ninherits = \"dgx-h100\"\n",
            true => "summary = \"NVML hangs\"\ninherits = \"dgx-h100\"\n[faults]\nnvml = \"hang\"\n",
        }
    }
}

/// Measures on both machines.
pub(super) fn run(project: &Project, rounds: usize) -> Result<()> {
    engines::require_root()?;
    dist::build(project)?;
    let root = engines::ensure(project, Suite::Trixie)?;
    simulated::require(project)?;
    let cgroup = *Cgroup::possible().first().unwrap_or(&Cgroup::Host);
    let release = super::release(project)?;
    for hanging in [false, true] {
        let job = Job {
            task: Task::DoctorBench(DoctorPlan { rounds, hanging, release: release.clone() }),
            suite: root.suite.name().to_string(),
            cgroup,
            dist: project.dist(),
            images: root.images.clone(),
            results: project.logs().join("bench-doctor"),
        };
        let shares = vec![release.clone()];
        visible(&mut Simulated { project, root: &root, cgroup, shares }.command(&job)?)?;
    }
    Ok(())
}

/// Measures inside a simulated host and prints a table.
pub(crate) fn inside(job: &Job, plan: &DoctorPlan) -> Result<()> {
    install(job)?;
    let docker = Docker::start(job.suite()?)?;
    let longshore = scratch("longshore");
    fs::copy(plan.release.join("nvidia-ctk"), &longshore).context("cannot copy the doctor")?;
    let title = if plan.hanging { "NVML hangs" } else { "all is well" };
    println!("\n{title}: wall time of `longshore doctor`, in ms, {} runs\n", plan.rounds);
    println!("engine        median   longest");
    for engine in ["docker", "podman"] {
        let mut times = (0..plan.rounds).map(|_| once(&longshore, engine)).collect::<Result<Vec<f64>>>()?;
        times.sort_by(f64::total_cmp);
        let longest = times.last().copied().unwrap_or_default();
        println!("{engine:<10} {:>9.0} {longest:>9.0}", median(&times));
    }
    drop(docker);
    Ok(())
}

fn once(longshore: &Path, engine: &str) -> Result<f64> {
    let started = Instant::now();
    let report = output(command([longshore]).args(["doctor", "--engine", engine]))?;
    match report.status.code() {
        Some(0..=2) => Ok(started.elapsed().as_secs_f64() * 1e3),
        _ => Err(Failure::new(format!("the doctor ended with {}", report.status))),
    }
}
