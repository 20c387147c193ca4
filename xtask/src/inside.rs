//! What xtask does *inside* a simulated host. The outer xtask describes the work as a [`Job`];
//! results go to a file, one JSON object a line.

mod bundle;
mod check;
mod demo;
mod docker;
mod docker_cases;
mod doctor_cases;
mod expect;
mod images;
mod kill;
mod podman_cases;
mod security;
mod shim_cases;

pub(crate) use check::Check;
pub(crate) use doctor_cases::HOSTS as DOCTOR_HOSTS;
pub(crate) use images::Plan as ImagePlan;

use crate::bench;
use crate::engines::Suite;
use crate::exec::{capture, command};
use crate::simulated::Cgroup;
use check::Ledger;
use diag::{Result, ResultExt};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// What is to be done inside, and where its parts lie (the paths are the same inside and outside).
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Job {
    /// Which work.
    pub(crate) task: Task,
    /// The suite that is `/`.
    pub(crate) suite: String,
    /// The cgroup layout.
    pub(crate) cgroup: Cgroup,
    /// The executables under test.
    pub(crate) dist: PathBuf,
    /// The test images.
    pub(crate) images: PathBuf,
    /// Where results are written.
    pub(crate) results: PathBuf,
}

/// The kinds of work.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Task {
    /// The engine tests of this suite.
    Engines,
    /// The demo.
    Demo,
    /// The doctor's scenarios on one of its hosts.
    Doctor {
        /// Name of the host.
        host: String,
    },
    /// The kill tests.
    Kill {
        /// Whether every system call counts, not only the writing ones.
        thorough: bool,
    },
    /// The image matrix.
    Images(ImagePlan),
    /// The security tests.
    Security {
        /// Whether races run their full number of rounds.
        thorough: bool,
    },
    /// The benchmark.
    Bench(bench::Plan),
}

impl Task {
    /// Folders that the work reads besides those that every work has.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        match self {
            Self::Images(plan) => vec![plan.musl.clone()],
            _ => Vec::new(),
        }
    }

    /// The description of the host that this work needs, when it is not the usual preset.
    pub(crate) fn host_description(&self) -> Option<&'static str> {
        match self {
            Self::Doctor { host } => doctor_cases::named(host)?.description,
            _ => None,
        }
    }
}

impl Job {
    fn suite(&self) -> Result<Suite> {
        Suite::named(&self.suite)
    }
}

/// Carries out a job; to be called inside only.
pub(crate) fn run(job: &str) -> Result<()> {
    let job: Job = serde_json::from_str(job).context("cannot read the job")?;
    fs::create_dir_all(SCRATCH).context("cannot make the scratch folder")?;
    // Overlay on overlay is refused by the kernel: what engines store lies on a tmpfs.
    capture(&mut command(["mount", "-t", "tmpfs", "-o", "mode=755", "scratch", SCRATCH]))?;
    match &job.task {
        Task::Engines => engines(&job),
        Task::Demo => demo::run(&job),
        Task::Doctor { host } => doctor_cases::run(&job, host, &mut Ledger::create(&job.results)?),
        Task::Kill { thorough } => kill::run(&job, *thorough),
        Task::Images(plan) => images::run(&job, plan),
        Task::Security { thorough } => security::run(&job, *thorough),
        Task::Bench(plan) => bench::inside(&job, plan),
    }
}

/// A tmpfs for all that engines store.
const SCRATCH: &str = "/mnt";

pub(crate) fn scratch(part: &str) -> PathBuf {
    Path::new(SCRATCH).join(part)
}

fn engines(job: &Job) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    let gpus = gpus_of_the_host()?;
    docker_cases::run(job, &gpus, &mut ledger)?;
    podman_cases::run(job, &gpus, &mut ledger)?;
    shim_cases::run(job, &gpus, &mut ledger)
}

/// The lines that `nvidia-smi -L` prints on the simulated host itself.
fn gpus_of_the_host() -> Result<Vec<String>> {
    let text = capture(&mut command(["nvidia-smi", "-L"])).context("the simulated host shows no GPUs")?;
    Ok(text.lines().map(str::to_string).collect())
}

/// Puts the executables under test where packages would put them.
pub(crate) fn install(job: &Job) -> Result<()> {
    capture(command(["cp", "-a", "-t", "/usr/bin"]).args(dist_files(job)?)).map(drop)
}

fn dist_files(job: &Job) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(&job.dist).with_context(|| format!("cannot list {}", job.dist.display()))?;
    Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
}
