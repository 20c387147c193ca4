//! The parts that need a simulated host: real engines, and processes killed in mid-write.

use super::{Options, units};
use crate::dist;
use crate::engines::{self, Suite};
use crate::exec::visible;
use crate::inside::{
    Check, DOCTOR_HOSTS, DriverRoot, ImagePlan, Job, MACHINES, MODE_MACHINES, PLATFORMS, RacePlan,
    RefreshParts, Task, mode_suites,
};
use crate::project::Project;
use crate::simulated::{self, Cgroup, Simulated};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::Path;

/// Docker 20.10, Podman 4.3 and runc 1.1.5.
pub(crate) fn bookworm(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    every_cgroup(project, Suite::Bookworm)
}

/// Docker 26, Podman 5.4 and runc 1.1.15.
pub(crate) fn trixie(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    every_cgroup(project, Suite::Trixie)
}

/// The engine tests of one suite, on each cgroup layout that this machine can have.
fn every_cgroup(project: &Project, suite: Suite) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for cgroup in Cgroup::possible() {
        let label =
            |check: Check| Check { engine: format!("{} (cgroup {})", check.engine, cgroup.name()), ..check };
        eprintln!("  cgroup {}", cgroup.name());
        checks.extend(inside(project, suite, *cgroup, Task::Engines)?.into_iter().map(label));
    }
    Ok(checks)
}

/// These suites, and with `--all` Debian unstable where it can be had.
fn with_sid(project: &Project, options: &Options, mut suites: Vec<Suite>) -> Vec<Suite> {
    if options.all {
        match engines::ensure(project, Suite::Sid) {
            Ok(_) => suites.push(Suite::Sid),
            Err(failure) => eprintln!("  skipped: sid cannot be had: {}", failure.line()),
        }
    }
    suites
}

/// `--gpus` and `nvidia-container-cli`: on one suite and layout, with `--all` on every one, and on Debian
/// unstable where that can be had.
pub(crate) fn legacy(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let suites = if options.all { Suite::ALL.to_vec() } else { vec![Suite::Bookworm] };
    let suites = with_sid(project, options, suites);
    let layouts =
        if options.all { Cgroup::possible() } else { Cgroup::possible().get(..1).unwrap_or_default() };
    let mut checks = Vec::new();
    for suite in suites {
        for cgroup in layouts {
            let label = |check: Check| Check {
                engine: format!("{} (cgroup {})", check.engine, cgroup.name()),
                ..check
            };
            let with_rootless = options.all && suite == Suite::Bookworm && *cgroup == layouts[0];
            let rootless = with_rootless.then(|| engines::ensure_rootless(project, suite)).transpose()?;
            checks.extend(inside(project, suite, *cgroup, Task::Legacy { rootless })?.into_iter().map(label));
            for machine in MACHINES.iter().filter(|machine| options.all || machine.short) {
                let task = Task::LegacyMachine { name: machine.name.to_owned() };
                checks.extend(inside(project, suite, *cgroup, task)?.into_iter().map(label));
            }
        }
    }
    Ok(checks)
}

/// GPUs survive a daemon-reload, in a booted systemd with a unified tree of control groups: that of
/// bookworm, with `--all` that of trixie too, and bookworm's with version 1 where this machine has it.
pub(crate) fn survival(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let mut places = vec![(Suite::Bookworm, unified())];
    if options.all {
        places.push((Suite::Trixie, unified()));
        let v1 = Cgroup::possible().iter().find(|cgroup| **cgroup == Cgroup::V1);
        places.extend(v1.map(|v1| (Suite::Bookworm, *v1)));
    }
    let mut checks = Vec::new();
    for (suite, cgroup) in places {
        let label =
            |check: Check| Check { engine: format!("{} (cgroup {})", check.engine, cgroup.name()), ..check };
        let task =
            Task::Survival { systemd: engines::ensure_systemd(project, suite)?, thorough: options.all };
        checks.extend(inside(project, suite, cgroup, task)?.into_iter().map(label));
    }
    Ok(checks)
}

/// The layout with a unified tree of control groups, which systemd boots with.
fn unified() -> Cgroup {
    let unified = Cgroup::possible().iter().find(|cgroup| **cgroup != Cgroup::V1);
    unified.copied().unwrap_or(Cgroup::Host)
}

/// The runtime shim in every mode; in full on both suites.
pub(crate) fn runtime(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let (suites, rounds) = if options.all { (Suite::ALL.as_slice(), 20) } else { (&[Suite::Trixie][..], 3) };
    let mut checks = Vec::new();
    for suite in suites {
        let wanted = options.all && *suite == Suite::Trixie;
        let loaders = wanted.then(|| engines::ensure_loaders(project)).transpose()?;
        checks.extend(inside(project, *suite, Cgroup::possible()[0], Task::Runtime { rounds, loaders })?);
    }
    Ok(checks)
}

/// Every engine in every mode of the shim, as one table; with `--all` the engines of every suite that can be
/// had.
pub(crate) fn modes(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let suites = with_sid(project, options, mode_suites(options.all));
    let mut checks = Vec::new();
    for suite in suites {
        for machine in MODE_MACHINES {
            let task = Task::Modes { machine: machine.name.to_owned() };
            checks.extend(inside(project, suite, Cgroup::possible()[0], task)?);
        }
    }
    Ok(checks)
}

/// Engine configuration: files in the states in which they are met, judged by the engines themselves. On
/// trixie every state gives a container a GPU; with `--all` on every suite, Debian unstable too where that
/// can be had.
pub(crate) fn configure(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for suite in with_sid(project, options, Suite::ALL.to_vec()) {
        let task = Task::Configure { containers: options.all || suite == Suite::Trixie };
        checks.extend(inside(project, suite, Cgroup::possible()[0], task)?);
    }
    Ok(checks)
}

/// Engine configuration on a machine with systemd: the suite whose Docker knows CDI, with `--all` both.
pub(crate) fn services(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let suites: &[Suite] = if options.all { &Suite::ALL } else { &[Suite::Trixie] };
    let mut checks = Vec::new();
    for suite in suites {
        let task = Task::Services { systemd: engines::ensure_systemd(project, *suite)? };
        checks.extend(inside(project, *suite, unified(), task)?);
    }
    Ok(checks)
}

/// Each writing process of ours, killed at each of its writing system calls.
pub(crate) fn kill(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let cgroup = Cgroup::possible()[0];
    inside(project, Suite::Bookworm, cgroup, Task::Kill { thorough: options.all })
}

/// Hostile images, neighbours and leaks; in full on both suites.
pub(crate) fn security(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let suites: &[Suite] = if options.all { &[Suite::Trixie, Suite::Bookworm] } else { &[Suite::Trixie] };
    let mut checks = Vec::new();
    for suite in suites {
        let task = Task::Security { thorough: options.all, old_kernel: false };
        checks.extend(inside(project, *suite, Cgroup::possible()[0], task)?);
    }
    let task = Task::Security { thorough: false, old_kernel: true };
    let old = inside(project, Suite::Trixie, Cgroup::possible()[0], task)?;
    checks.extend(old.into_iter().map(on_old_kernel));
    Ok(checks)
}

/// The races: in full on the newer suite, a tenth of it on the other one and on an old kernel.
pub(crate) fn races(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let plan = |rounds, starts, old_kernel| RacePlan { rounds, starts, old_kernel, only: Vec::new() };
    let plans = if options.all {
        vec![
            (Suite::Trixie, plan(100_000, 2_000, false)),
            (Suite::Bookworm, plan(10_000, 200, false)),
            (Suite::Trixie, plan(10_000, 200, true)),
        ]
    } else {
        vec![(Suite::Trixie, plan(100, 25, false)), (Suite::Trixie, plan(60, 15, true))]
    };
    let mut checks = Vec::new();
    for (suite, plan) in plans {
        let old_kernel = plan.old_kernel;
        let raced = inside(project, suite, Cgroup::possible()[0], Task::Races(plan))?;
        checks.extend(raced.into_iter().map(|check| if old_kernel { on_old_kernel(check) } else { check }));
    }
    Ok(checks)
}

/// What engines say of specifications, and what our own check says; with `--all` also the engines of
/// Debian unstable where it can be had.
pub(crate) fn specifications(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for suite in with_sid(project, options, Suite::ALL.to_vec()) {
        checks.extend(inside(project, suite, Cgroup::possible()[0], Task::Specifications)?);
    }
    Ok(checks)
}

/// Containers on machines with MIG, Tegra systems, WSL and driver containers; with `--all` also on the
/// real user spaces of several drivers.
pub(crate) fn platforms(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for platform in PLATFORMS {
        let task = Task::Platform { name: platform.name.to_owned() };
        checks.extend(inside(project, Suite::Trixie, Cgroup::possible()[0], task)?);
    }
    for space in engines::USER_SPACES.iter().filter(|_| options.all) {
        let root = DriverRoot {
            tree: engines::ensure_user_space(project, space)?,
            triplet: space.triplet().to_owned(),
            runs: dist::host_target()?.split('-').next() == space.triplet().split('-').next(),
        };
        checks.extend(inside(project, Suite::Trixie, Cgroup::possible()[0], Task::UserSpace(root))?);
    }
    Ok(checks)
}

/// Containers after upgrades, removals and lost GPUs: nothing of the old state may be left.
pub(crate) fn stale(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    let mut checks = units::units(project)?;
    checks.extend(inside(project, Suite::Trixie, Cgroup::possible()[0], Task::Stale)?);
    Ok(checks)
}

/// The refresh units and the udev rule, on a machine that boots.
pub(crate) fn refresh(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    let parts = RefreshParts {
        systemd: engines::ensure_systemd(project, Suite::Trixie)?,
        udev: engines::ensure_udev(project)?,
        packaging: project.root().join("packaging"),
    };
    inside(project, Suite::Trixie, unified(), Task::Refresh(parts))
}

/// The causes of the famous error, each made for real, and what the doctor says of them.
pub(crate) fn doctor(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for host in DOCTOR_HOSTS {
        let task = Task::Doctor { host: host.name.to_string() };
        checks.extend(inside(project, Suite::Trixie, Cgroup::possible()[0], task)?);
    }
    Ok(checks)
}

fn on_old_kernel(check: Check) -> Check {
    Check { engine: format!("old kernel, {}", check.engine), ..check }
}

/// The image matrix: in short on the bare runtimes of one suite, in full on every engine of both.
pub(crate) fn images(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let (suites, starts) = if options.all { (Suite::ALL.as_slice(), 100) } else { (&[Suite::Trixie][..], 5) };
    let mut checks = Vec::new();
    for suite in suites {
        let label = |check: Check| Check { engine: format!("{} ({})", check.engine, suite.name()), ..check };
        checks.extend(images_on(project, *suite, starts, options.all)?.into_iter().map(label));
    }
    let musl = engines::ensure_musl(project)?;
    let plan = ImagePlan { starts: 2, rootless: None, old_kernel: true, musl };
    let old = inside(project, Suite::Trixie, Cgroup::possible()[0], Task::Images(plan))?;
    checks.extend(old.into_iter().map(on_old_kernel));
    Ok(checks)
}

/// The image matrix on one suite: each container is started `starts` times; with `engines` on
/// Docker and Podman too.
pub(crate) fn images_on(project: &Project, suite: Suite, starts: usize, engines: bool) -> Result<Vec<Check>> {
    engines::require_root()?;
    let rootless = engines.then(|| engines::ensure_rootless(project, suite)).transpose()?;
    let plan = ImagePlan { starts, rootless, old_kernel: false, musl: engines::ensure_musl(project)? };
    inside(project, suite, Cgroup::possible()[0], Task::Images(plan))
}

/// Carries out a job in a simulated host and reads its results.
fn inside(project: &Project, suite: Suite, cgroup: Cgroup, task: Task) -> Result<Vec<Check>> {
    engines::require_root()?;
    dist::build(project)?;
    let root = engines::ensure(project, suite)?;
    simulated::require(project)?;
    // Two runs at a time must not write into one file.
    let results = project.logs().join(format!("{}.{}.results", suite.name(), std::process::id()));
    fs::create_dir_all(project.logs()).context("cannot make the folder of logs")?;
    fs::write(&results, "").context("cannot write the results")?;
    let job = Job {
        task,
        suite: suite.name().to_string(),
        cgroup,
        dist: project.dist(),
        images: root.images.clone(),
        results: results.clone(),
    };
    let shares = job.task.folders();
    let host = Simulated { project, root: &root, cgroup, shares };
    let end = visible(&mut host.command(&job)?);
    let mut checks = read(&results)?;
    fs::remove_file(&results).context("cannot remove the results")?;
    if let Err(failure) = end {
        checks.push(Check::new(suite.name(), "came to its end", 0.0, Err(failure)));
    }
    if checks.is_empty() {
        return Err(Failure::new(format!("{} made no check at all", suite.name())));
    }
    Ok(checks)
}

fn read(results: &Path) -> Result<Vec<Check>> {
    let text = fs::read_to_string(results).context("cannot read the results")?;
    text.lines().map(|line| serde_json::from_str(line).context("cannot read a result")).collect()
}
