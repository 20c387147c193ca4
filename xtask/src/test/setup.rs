//! The part "setup": a machine set up from nothing, on its own systemd, with its own apt, and taken back.

use super::{Options, managers, mirror};
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

/// In short what a new machine meets; with `--all` every state and every step. While working on one,
/// `LONGSHORE_SETUP_CASES` has words of the cases that are wanted.
pub(super) fn setup(project: &Project, options: &Options) -> Result<Vec<Check>> {
    engines::require_root()?;
    dist::build(project)?;
    let fresh = fresh::ensure(project)?;
    let folder = project.cargo_target().join("xtask/setup");
    package::fresh(&folder)?;
    let original = super::packages::original(&folder)?;
    let repository = offered(project, &fresh.repository, &folder, &original)?;
    let parts = SetupParts {
        docker: mirror::make(&folder, &repository)?,
        ours: ours(project, &folder)?,
        desktop: desktop(&folder)?,
        repository,
        package: package::of_dist(project, &folder, "0.1.0")?,
        original,
        folder,
        thorough: options.all,
        only: std::env::var("LONGSHORE_SETUP_CASES").unwrap_or_default(),
    };
    simulated::require(project)?;
    let root = Root { suite: Suite::Trixie, path: fresh.root, images: parts.repository.clone() };
    let unified = Cgroup::possible().iter().find(|cgroup| **cgroup != Cgroup::V1);
    let (folder, only) = (parts.folder.clone(), parts.only.clone());
    let mut checks = inside(project, &root, unified.copied().unwrap_or(Cgroup::Host), Task::Setup(parts))?;
    if options.all && only.is_empty() {
        checks.extend(managers::managers(project, &folder)?);
    }
    Ok(checks)
}

/// A repository from which all can be had that a set-up may need, and the original's package again.
fn offered(project: &Project, docker: &Path, folder: &Path, original: &Path) -> Result<PathBuf> {
    let own = folder.join("repository");
    let more = fresh::ensure_more(project)?;
    capture(command(["cp", "-a"]).args([docker, &own]))?;
    let both = "cat \"$1\"/Packages >> \"$2\"/Packages; cp -a \"$1\"/*.deb \"$2\"/";
    capture(command(["sh", "-c", both, "sh"]).args([&more, &own]))?;
    fresh::add(original, &own)?;
    Ok(own)
}

/// A repository with our package in two versions.
fn ours(project: &Project, folder: &Path) -> Result<PathBuf> {
    let repository = folder.join("ours");
    package::fresh(&repository)?;
    for version in ["0.1.0", "0.1.1"] {
        fresh::add(&package::of_dist(project, &folder.join(version), version)?, &repository)?;
    }
    Ok(repository)
}

/// A package with the name and some of the files of Docker Desktop's.
fn desktop(folder: &Path) -> Result<PathBuf> {
    let tree = folder.join("docker-desktop");
    for part in ["DEBIAN", "opt/docker-desktop/bin", "usr/lib/systemd/user", "usr/share/applications"] {
        package::fresh(&tree.join(part))?;
    }
    let control = "Package: docker-desktop\nVersion: 4.45.0-203075\nArchitecture: all\nMaintainer: Nobody <nobody@packages.invalid>\n\
                   Description: stands for Docker's\n";
    for (path, text) in [
        ("DEBIAN/control", control),
        ("opt/docker-desktop/bin/com.docker.backend", "#!/bin/sh\n"),
        (
            "usr/lib/systemd/user/docker-desktop.service",
            "[Service]\nExecStart=/opt/docker-desktop/bin/com.docker.backend\n",
        ),
        ("usr/share/applications/docker-desktop.desktop", "[Desktop Entry]\nName=Docker Desktop\n"),
    ] {
        fs::write(tree.join(path), text).with_context(|| format!("cannot write {path}"))?;
    }
    let file = folder.join("docker-desktop.deb");
    capture(command(["dpkg-deb", "--root-owner-group", "-Znone", "--build"]).args([&tree, &file]))?;
    Ok(file)
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
