//! What xtask does *inside* a simulated host. The outer xtask describes the work as a [`Job`];
//! results go to a file, one JSON object a line.

mod bundle;
mod check;
mod configure;
mod demo;
mod docker;
mod docker_cases;
mod doctor_cases;
mod expect;
mod images;
mod kill;
mod legacy_cases;
mod old_kernel;
mod platform_cases;
mod podman_cases;
mod runtime_cases;
mod security;
mod shim_cases;
mod spec_cases;
mod stale_cases;
mod survival;

pub(crate) use check::Check;
pub(crate) use doctor_cases::HOSTS as DOCTOR_HOSTS;
pub(crate) use images::{Plan as ImagePlan, make_large};
pub(crate) use platform_cases::PLATFORMS;

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
    /// Engine configuration on the engines of this suite.
    Configure,
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
        /// Whether the kernel lacks `openat2` and the mount calls of its time.
        old_kernel: bool,
    },
    /// `--gpus` and `nvidia-container-cli`.
    Legacy {
        /// A tree with what Docker needs to run without root, where that is tried too.
        rootless: Option<PathBuf>,
    },
    /// GPUs survive what systemd does.
    Survival {
        /// A tree with systemd and what it needs.
        systemd: PathBuf,
    },
    /// The runtime shim in every mode.
    Runtime {
        /// How often 64 containers start at once.
        rounds: usize,
        /// The unpacked loaders of Vulkan and OpenCL, where they are to be tried.
        loaders: Option<PathBuf>,
    },
    /// Specifications given to engines and to our own check.
    Specifications,
    /// Containers on a machine of another kind.
    Platform {
        /// Name of the machine.
        name: String,
    },
    /// What happens to machines, and containers after it.
    Stale,
    /// The benchmark.
    Bench(bench::Plan),
    /// What `cdi generate` costs.
    SpecificationBench(bench::SpecificationPlan),
}

impl Task {
    /// Folders that the work reads besides those that every work has.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        match self {
            Self::Images(plan) => vec![plan.musl.clone()],
            Self::Runtime { loaders, .. } => loaders.iter().cloned().collect(),
            Self::Survival { systemd } => vec![systemd.clone()],
            Self::Legacy { rootless } => rootless.iter().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// The description of the host that this work needs, when it is not the usual preset.
    pub(crate) fn host_description(&self) -> Option<&'static str> {
        match self {
            Self::Doctor { host } => doctor_cases::named(host)?.description,
            Self::Platform { name } => Some(platform_cases::named(name)?.description),
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
        Task::Configure => configure::run(&job),
        Task::Demo => demo::run(&job),
        Task::Doctor { host } => doctor_cases::run(&job, host, &mut Ledger::create(&job.results)?),
        Task::Kill { thorough } => kill::run(&job, *thorough),
        Task::Images(plan) => images::run(&job, plan),
        Task::Security { thorough, old_kernel } => security::run(&job, *thorough, *old_kernel),
        Task::Runtime { rounds, loaders } => {
            runtime_cases::run(&job, *rounds, loaders.as_deref(), &mut Ledger::create(&job.results)?)
        }
        Task::Survival { systemd } => survival::run(&job, systemd),
        Task::Legacy { rootless } => legacy_cases::run(&job, &gpus_of_the_host()?, rootless.as_deref()),
        Task::Specifications => spec_cases::run(&job),
        Task::Platform { name } => platform_cases::run(&job, name),
        Task::Stale => stale_cases::run(&job),
        Task::Bench(plan) => bench::inside(&job, plan),
        Task::SpecificationBench(plan) => bench::specifications_inside(&job, plan),
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
