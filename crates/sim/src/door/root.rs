//! The simulation on a given root: it becomes `/` through a throw-away overlay, with everything that a
//! booted machine has mounted there.

use super::simulate::{Prepared, make_home, simulate};
use super::{WORKBENCH, cgroups, dev, files, mounts, system};
use crate::RunOptions;
use crate::codes::{BAD_ROOT, NO_NAMESPACE};
use diag::{Failure, Result, ResultExt};
use rustix::process::{Resource, Rlimit, chdir, getrlimit, pivot_root, setrlimit};
use std::path::Path;

/// Where engines keep images and containers: a tmpfs each, because an overlay cannot be the upper
/// layer of another one.
const STORES: &[&str] = &["var/lib/docker", "var/lib/containers", "var/lib/containerd"];

/// Makes the given root this process's `/` and turns it into the described host.
pub(super) fn enter(prepared: Prepared, options: &RunOptions, root: &Path) -> Result<()> {
    if !root.join("usr").is_dir() || !root.join("etc").is_dir() {
        let message = format!("{} is no root directory: it lacks usr or etc", root.display());
        return Err(Failure::coded(BAD_ROOT, message).hint("unpack a distribution's packages there first"));
    }
    let root = std::fs::canonicalize(root).with_context(|| format!("cannot resolve {}", root.display()))?;
    system::unshare_mounts()
        .map_err(|cause| Failure::coded(NO_NAMESPACE, "cannot make a mount namespace").caused_by(cause))?;
    mounts::make_private()?;
    let new = assemble(&root, options)?;
    pivot(&new)?;
    raise_open_files()?;
    simulate(prepared, options)
}

/// The overlay of the root with all its mounts.
fn assemble(root: &Path, options: &RunOptions) -> Result<std::path::PathBuf> {
    mounts::tmpfs(WORKBENCH, 0o755)?;
    let bench = Path::new(WORKBENCH);
    let (upper, work, new) = (bench.join("upper"), bench.join("work"), bench.join("root"));
    [&upper, &work, &new].into_iter().try_for_each(files::make_directory)?;
    mounts::overlay(root, &upper, &work, &new)?;
    for name in ["proc", "sys", "dev", "run", "tmp", "root"] {
        files::make_directory(new.join(name))?;
    }
    mounts::file_system("proc", new.join("proc"), "")?;
    mounts::file_system("sysfs", new.join("sys"), "")?;
    cgroups::mount_layout(options.cgroup, &new.join("sys/fs/cgroup"))?;
    dev::make_bare(&new.join("dev"))?;
    mounts::tmpfs(new.join("run"), 0o755)?;
    mounts::tmpfs(new.join("tmp"), 0o1777)?;
    for store in STORES {
        files::make_directory(new.join(store))?;
        mounts::tmpfs(new.join(store), 0o711)?;
    }
    make_home(&new, &options.executable)?;
    options.share.iter().try_for_each(|directory| share(directory, &new))?;
    Ok(new)
}

/// Shows a directory of the machine at the same path in the new root.
fn share(directory: &Path, new: &Path) -> Result<()> {
    let relative = directory.strip_prefix("/").map_err(|cause| {
        let message = format!("--share needs an absolute path, not {}", directory.display());
        Failure::coded(BAD_ROOT, message).caused_by(cause)
    })?;
    let place = new.join(relative);
    files::make_directory(&place)?;
    mounts::bind_tree(directory, &place)
}

fn pivot(new: &Path) -> Result<()> {
    let old = new.join(".old");
    files::make_directory(&old)?;
    pivot_root(new, &old).map_err(|cause| {
        Failure::coded(NO_NAMESPACE, format!("cannot make {} the root", new.display())).caused_by(cause)
    })?;
    chdir("/").context("cannot enter the new root")?;
    mounts::detach("/.old")?;
    std::fs::remove_dir("/.old").context("cannot remove /.old in the new root")
}

/// Engines open many files; they are given what this process may have.
fn raise_open_files() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).context("cannot raise the limit of open files")
}
