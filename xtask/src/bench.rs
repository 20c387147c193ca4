//! `cargo xtask bench`: what a container start costs over plain runc, in wall and CPU time.
//!
//! All of it happens inside a simulated GPU host with runc on bundles in memory. The cases take
//! turns, each round in another random order, so that a slow moment of the machine meets all of
//! them alike. CPU time is that of the whole process tree, hooks and the container's own first
//! process included, as a cgroup counts it. It is a benchmark and never a test: nothing here fails
//! because something is slow.

mod case;
mod config;
mod docker;
mod doctor;
mod lint;
mod meter;
mod numbers;
mod place;
mod report;
mod rounds;
mod run;
mod shim;
mod specifications;
mod toolkit;

pub(crate) use docker::run as docker_inside;
pub(crate) use doctor::{DoctorPlan, inside as doctor_inside};
pub(crate) use rounds::run as inside;
pub(crate) use run::Plan;
pub(crate) use shim::{ShimPlan, run as shim_inside};
pub(crate) use specifications::{SpecificationPlan, run as specifications_inside};

use crate::engines::{self, Suite};
use crate::exec::visible;
use crate::inside::{Job, Task};
use crate::project::Project;
use crate::simulated::{self, Cgroup, Simulated};
use crate::{dist, usage};
use diag::{Failure, Result, ResultExt};
use lexopt::{Arg, Parser, ValueExt};
use run::Run;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where the low-level runtime lies in an unpacked suite.
const RUNC: &str = "usr/sbin/runc";

/// What is measured on a machine whose GPUs are cut into MIG devices: all of them, and the shim's part.
const MIG_CASES: [&str; 2] = ["longshore/shim-8", "longshore/alone-8"];

/// Where the time goes there, with `--pieces`.
const MIG_PIECES: [&str; 4] = ["devices-8", "mounts-8", "hook-8", "longshore/engine-8"];

/// What was asked for on the command line.
#[derive(Clone, Debug)]
struct Options {
    rounds: usize,
    json: Option<PathBuf>,
    against: Option<PathBuf>,
    pieces: bool,
    only: Vec<String>,
    specifications: bool,
    shim: bool,
    docker: bool,
    lint: bool,
    doctor: bool,
}

/// The command.
pub(crate) fn run(project: &Project, parser: &mut Parser) -> Result<ExitCode> {
    let options = parse(parser)?;
    if options.specifications {
        return specifications(project, &options).map(|()| ExitCode::SUCCESS);
    }
    if options.lint {
        return lint::run(project, options.rounds).map(|()| ExitCode::SUCCESS);
    }
    if options.doctor {
        return doctor::run(project, options.rounds).map(|()| ExitCode::SUCCESS);
    }
    if options.shim {
        return shim(project, &options).map(|()| ExitCode::SUCCESS);
    }
    if options.docker {
        return docker(project, options.rounds).map(|()| ExitCode::SUCCESS);
    }
    let measured = measure(project, &options, false)?;
    print!("{}", report::text(&measured));
    if options.only.is_empty() || options.only.iter().any(|word| word == "mig") {
        let pieces: &[&str] = if options.pieces { &MIG_PIECES } else { &[] };
        let only = MIG_CASES.iter().chain(pieces).map(|&id| id.to_owned()).collect();
        print!("{}", report::text(&measure(project, &Options { only, ..options.clone() }, true)?));
    }
    if let Some(path) = &options.json {
        let json = serde_json::to_string_pretty(&report::json(&measured)).context("cannot write JSON")?;
        fs::write(path, json + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn parse(parser: &mut Parser) -> Result<Options> {
    let mut options = Options {
        rounds: 25,
        json: None,
        against: None,
        pieces: false,
        only: Vec::new(),
        specifications: false,
        shim: false,
        docker: false,
        lint: false,
        doctor: false,
    };
    while let Some(argument) = parser.next().map_err(usage)? {
        match argument {
            Arg::Long("rounds") => options.rounds = parser.value().and_then(|n| n.parse()).map_err(usage)?,
            Arg::Long("json") => options.json = Some(parser.value().map_err(usage)?.into()),
            Arg::Long("against") => options.against = Some(folder(&parser.value().map_err(usage)?)?),
            Arg::Long("pieces") => options.pieces = true,
            Arg::Long("specifications") => options.specifications = true,
            Arg::Long("shim") => options.shim = true,
            Arg::Long("docker") => options.docker = true,
            Arg::Long("lint") => options.lint = true,
            Arg::Long("doctor") => options.doctor = true,
            Arg::Long("only") => {
                let cases = parser.value().and_then(|value| value.string()).map_err(usage)?;
                options.only.extend(cases.split(',').map(str::to_string));
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    if options.rounds == 0 {
        return Err(Failure::new("--rounds 0 measures nothing"));
    }
    Ok(options)
}

/// The folder of another toolkit, as it can be shared with the simulated host.
fn folder(path: &(impl AsRef<Path> + ?Sized)) -> Result<PathBuf> {
    let path = path.as_ref();
    let found = path.canonicalize().with_context(|| format!("cannot find {}", path.display()))?;
    if found.join("nvidia-container-runtime").exists() {
        return Ok(found);
    }
    Err(Failure::new(format!("{} holds no nvidia-container-runtime", path.display()))
        .hint("--against takes the folder of another toolkit's executables"))
}

/// What the shim alone costs.
fn shim(project: &Project, options: &Options) -> Result<()> {
    engines::require_root()?;
    dist::build(project)?;
    let root = engines::ensure(project, Suite::Trixie)?;
    simulated::require(project)?;
    let cgroup = *Cgroup::possible().first().unwrap_or(&Cgroup::Host);
    for machine in specifications::Machine::ALL {
        let plan = ShimPlan {
            rounds: options.rounds,
            machine,
            against: options.against.clone(),
            group: format!("longshore-bench-{}", std::process::id()),
        };
        let job = Job {
            task: Task::ShimBench(plan),
            suite: root.suite.name().to_string(),
            cgroup,
            dist: project.dist(),
            images: root.images.clone(),
            results: project.logs().join("bench-shim"),
        };
        let shares = options.against.clone().into_iter().collect();
        visible(&mut Simulated { project, root: &root, cgroup, shares }.command(&job)?)?;
    }
    Ok(())
}

/// What `cdi generate` costs.
fn specifications(project: &Project, options: &Options) -> Result<()> {
    engines::require_root()?;
    dist::build(project)?;
    let root = engines::ensure(project, Suite::Trixie)?;
    simulated::require(project)?;
    let cgroup = *Cgroup::possible().first().unwrap_or(&Cgroup::Host);
    let release = release(project)?;
    for machine in specifications::Machine::ALL {
        let plan = SpecificationPlan {
            rounds: options.rounds,
            machine,
            release: release.clone(),
            against: options.against.clone(),
            group: format!("longshore-bench-{}", std::process::id()),
        };
        let job = Job {
            task: Task::SpecificationBench(plan),
            suite: root.suite.name().to_string(),
            cgroup,
            dist: project.dist(),
            images: root.images.clone(),
            results: project.logs().join("bench-specifications"),
        };
        let shares = options.against.clone().into_iter().chain([release.clone()]).collect();
        visible(&mut Simulated { project, root: &root, cgroup, shares }.command(&job)?)?;
    }
    Ok(())
}

/// A folder with a release build under the name `nvidia-ctk`: what people run, where tests are content with
/// what builds faster.
fn release(project: &Project) -> Result<PathBuf> {
    visible(dist::cargo(project).args(["build", "--release", "--package", "longshore"]))?;
    let folder = project.logs().join("release");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let (built, program) = (project.cargo_target().join("release/longshore"), folder.join("nvidia-ctk"));
    fs::copy(&built, &program).with_context(|| format!("cannot copy {}", built.display()))?;
    Ok(folder)
}

/// What a whole `docker run` takes, on the Docker of each suite.
fn docker(project: &Project, rounds: usize) -> Result<()> {
    engines::require_root()?;
    dist::build(project)?;
    simulated::require(project)?;
    for suite in Suite::ALL {
        let root = engines::ensure(project, suite)?;
        let cgroup = *Cgroup::possible().first().unwrap_or(&Cgroup::Host);
        let job = Job {
            task: Task::DockerBench(rounds),
            suite: suite.name().to_string(),
            cgroup,
            dist: project.dist(),
            images: root.images.clone(),
            results: project.logs().join("bench-docker"),
        };
        visible(&mut Simulated { project, root: &root, cgroup, shares: Vec::new() }.command(&job)?)?;
    }
    Ok(())
}

/// Runs the cases inside a simulated host.
fn measure(project: &Project, options: &Options, mig: bool) -> Result<Run> {
    engines::require_root()?;
    dist::build(project)?;
    let root = engines::ensure(project, Suite::Bookworm)?;
    simulated::require(project)?;
    fs::create_dir_all(project.logs()).context("cannot make the folder of logs")?;
    let cgroup = *Cgroup::possible().first().unwrap_or(&Cgroup::Host);
    let runc = root.path.join(RUNC);
    let plan = Plan {
        rounds: options.rounds,
        against: options.against.clone(),
        only: options.only.clone(),
        pieces: options.pieces,
        runc: runc.clone(),
        group: format!("longshore-bench-{}", std::process::id()),
        mig,
    };
    let results = project.logs().join("bench.json");
    fs::write(&results, "").context("cannot write the results")?;
    let job = Job {
        task: Task::Bench(plan),
        suite: root.suite.name().to_string(),
        cgroup,
        dist: project.dist(),
        images: root.images.clone(),
        results: results.clone(),
    };
    // The suite's own runc: inside, the simulation stands in front of it.
    let shares = runc.parent().map(Path::to_path_buf).into_iter().chain(options.against.clone()).collect();
    let host = Simulated { project, root: &root, cgroup, shares };
    visible(&mut host.command(&job)?)?;
    let text = fs::read_to_string(&results).context("cannot read the results")?;
    serde_json::from_str(&text).context("cannot read the results")
}
