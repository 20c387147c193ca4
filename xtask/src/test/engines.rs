//! The parts that need a simulated host: real engines, and processes killed in mid-write.

use super::{Options, units};
use crate::dist;
use crate::engines::{self, Suite};
use crate::exec::visible;
use crate::inside::{Check, DOCTOR_HOSTS, ImagePlan, Job, PLATFORMS, Task};
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

/// `--gpus` and `nvidia-container-cli`: on one suite and layout, with `--all` on every one, and on Debian
/// unstable where that can be had.
pub(crate) fn legacy(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let mut suites = if options.all { Suite::ALL.to_vec() } else { vec![Suite::Bookworm] };
    if options.all {
        match engines::ensure(project, Suite::Sid) {
            Ok(_) => suites.push(Suite::Sid),
            Err(failure) => eprintln!("  skipped: sid cannot be had: {}", failure.line()),
        }
    }
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
            let rootless = with_rootless.then(|| engines::ensure_rootless(project)).transpose()?;
            checks.extend(inside(project, suite, *cgroup, Task::Legacy { rootless })?.into_iter().map(label));
        }
    }
    Ok(checks)
}

/// GPUs survive a daemon-reload, in a booted systemd with a unified tree of control groups: that of
/// bookworm, with `--all` that of trixie too.
pub(crate) fn survival(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let unified = Cgroup::possible().iter().find(|cgroup| **cgroup != Cgroup::V1);
    let cgroup = unified.copied().unwrap_or(Cgroup::Host);
    let suites: &[Suite] = if options.all { &Suite::ALL } else { &[Suite::Bookworm] };
    let mut checks = Vec::new();
    for suite in suites {
        let task = Task::Survival { systemd: engines::ensure_systemd(project, *suite)? };
        checks.extend(inside(project, *suite, cgroup, task)?);
    }
    Ok(checks)
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

/// Engine configuration: files in the states in which they are met, judged by the engines themselves.
pub(crate) fn configure(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for suite in Suite::ALL {
        checks.extend(inside(project, suite, Cgroup::possible()[0], Task::Configure)?);
    }
    Ok(checks)
}

/// Each writing process of ours, killed at each of its writing system calls.
pub(crate) fn kill(project: &Project, options: &Options) -> Result<Vec<Check>> {
    let cgroup = Cgroup::possible()[0];
    inside(project, Suite::Bookworm, cgroup, Task::Kill { thorough: options.all })
}

/// Hostile images, racing links and leaks; in full on both suites.
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

/// What engines say of specifications, and what our own check says.
pub(crate) fn specifications(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for suite in Suite::ALL.as_slice() {
        checks.extend(inside(project, *suite, Cgroup::possible()[0], Task::Specifications)?);
    }
    Ok(checks)
}

/// Containers on machines with MIG, Tegra systems, WSL and driver containers.
pub(crate) fn platforms(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for platform in PLATFORMS {
        let task = Task::Platform { name: platform.name.to_owned() };
        checks.extend(inside(project, Suite::Trixie, Cgroup::possible()[0], task)?);
    }
    Ok(checks)
}

/// Containers after upgrades, removals and lost GPUs: nothing of the old state may be left.
pub(crate) fn stale(project: &Project, _options: &Options) -> Result<Vec<Check>> {
    let mut checks = units::units(project)?;
    checks.extend(inside(project, Suite::Trixie, Cgroup::possible()[0], Task::Stale)?);
    Ok(checks)
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
    let plan =
        ImagePlan { starts: 2, engines: false, old_kernel: true, musl: engines::ensure_musl(project)? };
    let old = inside(project, Suite::Trixie, Cgroup::possible()[0], Task::Images(plan))?;
    checks.extend(old.into_iter().map(on_old_kernel));
    Ok(checks)
}

/// The image matrix on one suite: each container is started `starts` times; with `engines` on
/// Docker and Podman too.
pub(crate) fn images_on(project: &Project, suite: Suite, starts: usize, engines: bool) -> Result<Vec<Check>> {
    engines::require_root()?;
    let plan = ImagePlan { starts, engines, old_kernel: false, musl: engines::ensure_musl(project)? };
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
