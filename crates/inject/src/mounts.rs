//! Driver files to show in a container.

use crate::Policy;
use cdi::Mount;
use driver::{Driver, File};

/// Of a bind mount that nobody writes to.
const FILE: &[&str] = &["ro", "nosuid", "nodev", "rbind", "rprivate"];
/// Of a socket: connecting to it needs no read-only mount, and nothing is executed from it.
const SOCKET: &[&str] = &["nosuid", "nodev", "rbind", "rprivate", "noexec"];

/// All mounts, by depth and then by path, so that none hides another.
pub(crate) fn of(driver: &Driver, policy: &Policy) -> Vec<Mount> {
    let libraries =
        driver.libraries.iter().filter(|library| policy.wants_library(library)).map(|library| &library.file);
    let binaries = driver.binaries.iter().filter(|file| policy.wants_binary(file));
    let graphics = driver
        .configs
        .iter()
        .chain(&driver.xorg)
        .filter(|file| if is_compute(file) { policy.wants_compute() } else { policy.wants_graphics() });
    let files = libraries.chain(binaries).chain(graphics).chain(&driver.firmware).chain(&driver.others);
    let mut mounts: Vec<Mount> = files.map(|file| mount(file, FILE)).collect();
    mounts.extend(driver.sockets.iter().map(|file| mount(file, SOCKET)));
    let mut mounts = crate::order::by_depth(mounts, |mount| &mount.container_path);
    mounts.dedup();
    mounts
}

/// These files, as they stand.
pub(crate) fn of_files(files: &[File]) -> Vec<Mount> {
    files.iter().map(|file| mount(file, FILE)).collect()
}

/// OpenCL's list of drivers belongs to compute.
fn is_compute(file: &File) -> bool {
    file.container_path.starts_with("/etc/OpenCL/")
}

fn mount(file: &File, options: &[&str]) -> Mount {
    Mount {
        host_path: file.host_path.clone(),
        container_path: file.container_path.clone(),
        options: options.iter().map(|option| (*option).to_owned()).collect(),
        type_: None,
    }
}
