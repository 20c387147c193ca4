//! What xtask does *inside* a simulated host. The outer xtask describes the work as a [`Job`];
//! results go to a file, one JSON object a line.

mod boot;
mod bundle;
mod check;
mod configure;
mod demo;
mod docker;
mod docker_cases;
mod doctor_cases;
mod driver_cases;
mod expect;
mod images;
mod kill;
mod legacy_cases;
mod mode_cases;
mod old_kernel;
mod platform_cases;
mod podman_cases;
mod refresh_cases;
mod runtime_cases;
mod security;
mod setup_cases;
mod shim_cases;
mod spec_cases;
mod stale_cases;
mod survival;
mod tree;

pub(crate) use check::Check;
pub(crate) use docker::Docker;
pub(crate) use doctor_cases::HOSTS as DOCTOR_HOSTS;
pub(crate) use driver_cases::DriverRoot;
pub(crate) use images::{Plan as ImagePlan, VOLUMES, make_large};
pub(crate) use legacy_cases::MACHINES;
pub(crate) use mode_cases::{MACHINES as MODE_MACHINES, suites as mode_suites};
pub(crate) use platform_cases::PLATFORMS;
pub(crate) use refresh_cases::Parts as RefreshParts;
pub(crate) use security::{RacePlan, carry_out_rounds, hold_rounds};

pub(crate) use setup_cases::Parts as SetupParts;

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
    Configure {
        /// Whether every state of a file gives a container a GPU, not only some.
        containers: bool,
    },
    /// Engine configuration on a machine with systemd.
    Services {
        /// A tree with systemd and what it needs.
        systemd: PathBuf,
    },
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
    /// The races of the security tests.
    Races(RacePlan),
    /// `--gpus` and `nvidia-container-cli`.
    Legacy {
        /// A tree with what Docker needs to run without root, where that is tried too.
        rootless: Option<PathBuf>,
    },
    /// `--gpus` on a machine of another kind.
    LegacyMachine {
        /// Name of the machine.
        name: String,
    },
    /// GPUs survive what systemd does.
    Survival {
        /// A tree with systemd and what it needs.
        systemd: PathBuf,
        /// Whether Podman is tried with every trigger.
        thorough: bool,
    },
    /// A machine set up from nothing, and taken back.
    Setup(SetupParts),
    /// The runtime shim in every mode.
    Runtime {
        /// How often 64 containers start at once.
        rounds: usize,
        /// The unpacked loaders of Vulkan and OpenCL, where they are to be tried.
        loaders: Option<PathBuf>,
    },
    /// Every engine in every mode of the shim.
    Modes {
        /// Name of the machine.
        machine: String,
    },
    /// Specifications given to engines and to our own check.
    Specifications,
    /// Containers on a machine of another kind.
    Platform {
        /// Name of the machine.
        name: String,
    },
    /// A real user space of the driver.
    UserSpace(DriverRoot),
    /// What happens to machines, and containers after it.
    Stale,
    /// The refresh units on a machine with systemd.
    Refresh(RefreshParts),
    /// The benchmark.
    Bench(bench::Plan),
    /// What a whole `docker run` takes, in this many rounds.
    DockerBench(usize),
    /// What the shim alone costs.
    ShimBench(bench::ShimPlan),
    /// How long the doctor takes.
    DoctorBench(bench::DoctorPlan),
    /// What `cdi generate` costs.
    SpecificationBench(bench::SpecificationPlan),
}

impl Task {
    /// Folders that the work reads besides those that every work has.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        match self {
            Self::Setup(parts) => vec![parts.repository.clone(), parts.folder.clone()],
            Self::Images(plan) => [&plan.musl].into_iter().chain(&plan.rootless).cloned().collect(),
            Self::Runtime { loaders, .. } => loaders.iter().cloned().collect(),
            Self::Survival { systemd, .. } | Self::Services { systemd } => vec![systemd.clone()],
            Self::Legacy { rootless } => rootless.iter().cloned().collect(),
            Self::UserSpace(root) => vec![root.tree.clone()],
            Self::Refresh(parts) => {
                vec![parts.systemd.clone(), parts.udev.clone(), parts.packaging.clone()]
            }
            _ => Vec::new(),
        }
    }

    /// The description of the host that this work needs, when it is not the usual preset.
    pub(crate) fn host_description(&self) -> Option<&'static str> {
        match self {
            Self::Doctor { host } => doctor_cases::named(host)?.description,
            Self::Platform { name } => Some(platform_cases::named(name)?.description),
            Self::SpecificationBench(plan) => Some(plan.machine.description()),
            Self::DoctorBench(plan) => Some(plan.description()),
            Self::ShimBench(plan) => Some(plan.machine.description()),
            Self::Bench(plan) => plan.description(),
            Self::Modes { machine } => Some(mode_cases::machine(machine)?.description),
            Self::LegacyMachine { name } => Some(legacy_cases::machine(name)?.description),
            _ => None,
        }
    }
}

impl Job {
    /// The suite that is `/`.
    pub(crate) fn suite(&self) -> Result<Suite> {
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
        Task::Configure { containers } => configure::run(&job, *containers),
        Task::Services { systemd } => configure::services::run(&job, systemd),
        Task::Demo => demo::run(&job),
        Task::Doctor { host } => doctor_cases::run(&job, host, &mut Ledger::create(&job.results)?),
        Task::Kill { thorough } => kill::run(&job, *thorough),
        Task::Images(plan) => images::run(&job, plan),
        Task::Security { thorough, old_kernel } => security::run(&job, *thorough, *old_kernel),
        Task::Races(plan) => security::races(&job, plan),
        Task::Runtime { rounds, loaders } => {
            runtime_cases::run(&job, *rounds, loaders.as_deref(), &mut Ledger::create(&job.results)?)
        }
        Task::Survival { systemd, thorough } => survival::run(&job, systemd, *thorough),
        Task::Legacy { rootless } => legacy_cases::run(&job, &gpus_of_the_host()?, rootless.as_deref()),
        Task::LegacyMachine { name } => legacy_cases::on_machine(&job, name),
        Task::Modes { machine } => mode_cases::run(&job, machine),
        Task::Setup(parts) => setup_cases::run(&job, parts),
        Task::Specifications => spec_cases::run(&job),
        Task::Platform { name } => platform_cases::run(&job, name),
        Task::UserSpace(root) => driver_cases::run(&job, root),
        Task::Stale => stale_cases::run(&job),
        Task::Refresh(parts) => refresh_cases::run(&job, parts),
        Task::Bench(plan) => bench::inside(&job, plan),
        Task::DockerBench(rounds) => bench::docker_inside(&job, *rounds),
        Task::ShimBench(plan) => bench::shim_inside(&job, plan),
        Task::DoctorBench(plan) => bench::doctor_inside(&job, plan),
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
