//! The part "setup": a machine set up from nothing, on its own systemd, with its own apt, and taken back.

use super::{Options, managers};
use crate::dist;
use crate::engines::{self, Root, Suite, fresh};
use crate::exec::{capture, command, visible};
use crate::inside::{Check, Job, SetupParts, Task};
use crate::package;
use crate::project::Project;
use crate::simulated::{self, Cgroup, Simulated};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::{Path, PathBuf};

/// In short what a new machine meets; with `--all` every state and every step.
pub(super) fn setup(project: &Project, options: &Options) -> Result<Vec<Check>> {
    engines::require_root()?;
    dist::build(project)?;
    let fresh = fresh::ensure(project)?;
    let folder = project.cargo_target().join("xtask/setup");
    package::fresh(&folder)?;
    let original = super::packages::original(&folder)?;
    let parts = SetupParts {
        repository: with_original(&fresh.repository, &folder, &original)?,
        package: package::of_dist(project, &folder, "0.1.0")?,
        original,
        folder,
        thorough: options.all,
    };
    simulated::require(project)?;
    let root = Root { suite: Suite::Trixie, path: fresh.root, images: parts.repository.clone() };
    let unified = Cgroup::possible().iter().find(|cgroup| **cgroup != Cgroup::V1);
    let folder = parts.folder.clone();
    let mut checks = inside(project, &root, unified.copied().unwrap_or(Cgroup::Host), Task::Setup(parts))?;
    if options.all {
        checks.extend(managers::managers(project, &folder)?);
    }
    Ok(checks)
}

/// A repository from which the original's package can be had again.
fn with_original(repository: &Path, folder: &Path, original: &Path) -> Result<PathBuf> {
    let own = folder.join("repository");
    capture(command(["cp", "-a"]).args([repository, &own]))?;
    fresh::add(original, &own)?;
    Ok(own)
}

fn inside(project: &Project, root: &Root, cgroup: Cgroup, task: Task) -> Result<Vec<Check>> {
    let results = project.logs().join(format!("setup.{}.results", std::process::id()));
    fs::create_dir_all(project.logs()).context("cannot make the folder of logs")?;
    fs::write(&results, "").context("cannot write the results")?;
    let job = Job {
        task,
        suite: root.suite.name().to_string(),
        cgroup,
        dist: project.dist(),
        images: root.images.clone(),
        results: results.clone(),
    };
    let shares = job.task.folders();
    let end = visible(&mut Simulated { project, root, cgroup, shares }.command(&job)?);
    let text = fs::read_to_string(&results).context("cannot read the results")?;
    fs::remove_file(&results).context("cannot remove the results")?;
    let read = |line: &str| serde_json::from_str(line).context("cannot read a result");
    let mut checks: Vec<Check> = text.lines().map(read).collect::<Result<_>>()?;
    if let Err(failure) = end {
        checks.push(Check::new("setup", "came to its end", 0.0, Err(failure)));
    }
    if checks.is_empty() {
        return Err(Failure::new("the set-up made no check at all"));
    }
    Ok(checks)
}
