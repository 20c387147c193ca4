//! The simulation on the machine's own root: private overlays on `/usr` and `/etc`, an own `/dev`,
//! `/run` and `/var/lib`, and the command in this very process's place.

use super::graft::graft;
use super::simulate::{Prepared, make_home, simulate};
use super::{HOME, cgroups, dev, files, mounts, system};
use crate::RunOptions;
use crate::codes::{NO_COMMAND, NO_NAMESPACE};
use diag::{Failure, Result, ResultExt};
use rustix::fs::{CWD, Mode, OFlags, openat};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names in the machine's `/run` and `/var/lib` that would tell the simulated host about the real one,
/// or the other way round: what `longshore` notes of its changes belongs to the simulated files.
const NOT_SHOWN: &[&str] = &["longshore", "cdi", "nvidia"];

/// Makes the simulation and becomes the command: returns only to say what failed.
pub(super) fn run(prepared: Prepared, options: &RunOptions) -> Result<i32> {
    let directory = std::env::current_dir().context("cannot find the working directory")?;
    system::unshare_mounts()
        .map_err(|cause| Failure::coded(NO_NAMESPACE, "cannot make a mount namespace").caused_by(cause))?;
    mounts::make_private()?;
    // After the namespace was made: only what is opened in it can be bound in it.
    let executable = std::fs::File::open(&options.executable)
        .with_context(|| format!("cannot open {}", options.executable.display()))?;
    let workbench = Path::new(super::WORKBENCH);
    graft(Path::new("/run"), workbench, |name| !NOT_SHOWN.contains(&name) && !name.starts_with("nvidia-"))?;
    graft(Path::new("/var/lib"), workbench, |name| !NOT_SHOWN.contains(&name))?;
    make_home(Path::new("/"), Path::new(&format!("/proc/self/fd/{}", executable.as_raw_fd())))?;
    drop(executable);
    overlay_in_place("usr")?;
    overlay_in_place("etc")?;
    let workbench = Path::new(HOME).join("dev");
    files::make_directory(&workbench)?;
    dev::copy_over(&workbench)?;
    cgroups::rearrange(options.cgroup)?;
    simulate(prepared, options)?;
    become_command(options, &directory)
}

/// Lays a writable overlay over a directory of the root, with whatever is mounted below it put back.
fn overlay_in_place(name: &str) -> Result<()> {
    let directory = Path::new("/").join(name);
    let submounts = submounts(&directory)?;
    let base = Path::new(HOME).join("overlay").join(name);
    let (upper, work) = (base.join("upper"), base.join("work"));
    files::make_directory(&upper)?;
    files::make_directory(&work)?;
    mounts::overlay(&directory, &upper, &work, &directory)?;
    for (path, descriptor) in submounts {
        if path.exists() {
            mounts::bind_tree(format!("/proc/self/fd/{}", descriptor.as_raw_fd()), &path)?;
        }
    }
    Ok(())
}

/// Mounts below a directory, each held open because the overlay will hide it.
fn submounts(directory: &Path) -> Result<Vec<(PathBuf, OwnedFd)>> {
    let table = files::read_text("/proc/self/mountinfo")?;
    let points = table.lines().filter_map(|line| line.split(' ').nth(4));
    let below = points.map(PathBuf::from).filter(|point| point.starts_with(directory) && point != directory);
    let mut open: Vec<(PathBuf, OwnedFd)> = Vec::new();
    for point in below {
        // The tree of a mount brings those below it along.
        if open.iter().any(|(above, _)| point.starts_with(above)) {
            continue;
        }
        if let Ok(descriptor) = openat(CWD, &point, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()) {
            open.push((point, descriptor));
        }
    }
    Ok(open)
}

fn become_command(options: &RunOptions, directory: &Path) -> Result<i32> {
    let (program, arguments) = options
        .command
        .split_first()
        .ok_or_else(|| Failure::coded(NO_COMMAND, "no command was given to run in the simulated host"))?;
    let mut command = Command::new(program);
    command.args(arguments).envs(options.environment.iter().map(|(name, value)| (name, value)));
    // By name: the old directory may lie below an overlay now.
    if directory.is_dir() {
        command.current_dir(directory);
    }
    let cause = command.exec();
    Err(Failure::coded(NO_COMMAND, format!("cannot start {program} in the simulated host")).caused_by(cause))
}
