//! `cargo xtask engines`: container engines unpacked from the distribution's packages.
//!
//! Nothing is installed on the machine: the packages of a Debian suite are downloaded with apt
//! directories of our own and unpacked, without running their scripts, into
//! `target/engines/<suite>`. That tree later becomes `/` of a simulated host.

mod apt;
mod drivers;
pub(crate) mod fresh;
mod images;
mod mirror;
mod unpack;

pub(crate) use drivers::{USER_SPACES, ensure as ensure_user_space};
pub(crate) use images::{BUSYBOX, GLIBC};

use crate::progress::step;
use crate::project::Project;
use diag::{Failure, Result, ResultExt};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Changes whenever the way a root is made changes: older roots are then made anew.
const RECIPE: &str = "recipe 2";

/// What every root needs to be a small working system.
const SYSTEM: &[&str] = &[
    "base-files",
    "bash",
    "busybox-static",
    "coreutils",
    "dash",
    "findutils",
    "gawk",
    "grep",
    "hostname",
    "iproute2",
    "iptables",
    "kmod",
    "libc-bin",
    "libc6",
    "libgcc-s1",
    "mawk",
    "mount",
    "procps",
    "sed",
    "strace",
    "tar",
    "util-linux",
];

/// The word for the user spaces of drivers among the suites.
const DRIVERS: &str = "drivers";

/// A Debian suite and the engines that it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suite {
    /// Debian 12: Docker 20.10, Podman 4.3, runc 1.1.5, crun 1.8, containerd 1.6.
    Bookworm,
    /// Debian 13: Docker 26, Podman 5.4, runc 1.1.15, crun 1.21, containerd 1.7.
    Trixie,
    /// Debian unstable: Docker 28, Podman 5.8, runc 1.3, crun 1.28, containerd 2.1. It moves; tests use it
    /// where it can be had.
    Sid,
}

impl Suite {
    /// All suites that every test uses.
    pub(crate) const ALL: [Self; 2] = [Self::Bookworm, Self::Trixie];

    /// The suite's name in the archive.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
            Self::Sid => "sid",
        }
    }

    /// The suite with this name.
    pub(crate) fn named(name: &str) -> Result<Self> {
        Self::ALL.into_iter().chain([Self::Sid]).find(|suite| suite.name() == name).ok_or_else(|| {
            Failure::new(format!("no suite {name}")).hint("the suites are bookworm, trixie and sid")
        })
    }

    fn packages(self) -> Vec<&'static str> {
        let engines: &[&str] = match self {
            Self::Bookworm => &["containerd", "crun", "docker.io", "podman", "runc"],
            Self::Trixie | Self::Sid => {
                &["containerd", "crun", "docker-cli", "docker.io", "netavark", "podman", "runc"]
            }
        };
        let mut packages = [SYSTEM, engines].concat();
        packages.sort_unstable();
        packages
    }
}

/// A suite that is ready to be used.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// Which suite it is.
    pub(crate) suite: Suite,
    /// The tree that becomes `/`.
    pub(crate) path: PathBuf,
    /// Test images as `glibc.tar` and `busybox.tar` (docker-archive), and their trees.
    pub(crate) images: PathBuf,
}

/// The command: makes the given suites ready (all of them when none is given).
pub(crate) fn run(project: &Project, names: &[String]) -> Result<()> {
    if names.iter().any(|name| name == DRIVERS) {
        return USER_SPACES.iter().try_for_each(|space| {
            let tree = ensure_user_space(project, space)?;
            eprintln!("{} {}: ready in {}", space.suite.name(), space.architecture, tree.display());
            Ok(())
        });
    }
    let suites = names.iter().map(|name| Suite::named(name)).collect::<Result<Vec<_>>>()?;
    for suite in if suites.is_empty() { Suite::ALL.to_vec() } else { suites } {
        let root = ensure(project, suite)?;
        eprintln!("{}: ready in {}", suite.name(), root.path.display());
    }
    Ok(())
}

/// Makes one suite ready; does nothing when it already is.
pub(crate) fn ensure(project: &Project, suite: Suite) -> Result<Root> {
    let place = Place::of(project, suite);
    fs::create_dir_all(&place.base).with_context(|| format!("cannot make {}", place.base.display()))?;
    let lock = File::create(place.file("lock")).context("cannot make the lock of the engines")?;
    lock.lock().context("cannot lock the engines")?;
    if !place.is_fresh(suite) {
        make(&place, suite)?;
    }
    Ok(Root { suite, path: place.root(), images: place.file("images") })
}

/// The package `musl` of a suite, unpacked: a loader and C library for test images.
pub(crate) fn ensure_musl(project: &Project) -> Result<PathBuf> {
    ensure_package(project, "musl", &["musl"], Suite::Trixie)
}

/// systemd of a suite with all that it needs, unpacked: to be laid over the root of that suite.
pub(crate) fn ensure_systemd(project: &Project, suite: Suite) -> Result<PathBuf> {
    let tree = match suite {
        Suite::Bookworm => "systemd-bookworm",
        Suite::Trixie => "systemd-trixie",
        Suite::Sid => "systemd-sid",
    };
    ensure_package(project, tree, &["systemd"], suite)
}

/// udev of a suite, unpacked: to be laid over the root of that suite.
pub(crate) fn ensure_udev(project: &Project) -> Result<PathBuf> {
    ensure_package(project, "udev", &["udev"], Suite::Trixie)
}

/// What Docker and Podman need to run without root, to be laid over the root of that suite.
pub(crate) fn ensure_rootless(project: &Project, suite: Suite) -> Result<PathBuf> {
    let tree = match suite {
        Suite::Bookworm => "rootless",
        Suite::Trixie => "rootless-trixie",
        Suite::Sid => "rootless-sid",
    };
    ensure_package(project, tree, &["rootlesskit", "slirp4netns", "uidmap"], suite)
}

/// The loaders of Vulkan, OpenCL and EGL with programs that use them, unpacked, for test images. Those of
/// EGL come alone: their packages need Mesa's driver and a compiler with it.
pub(crate) fn ensure_loaders(project: &Project) -> Result<PathBuf> {
    let alone = ["libegl1", "libglvnd0", "mesa-utils-bin"];
    ensure_packages(project, "graphics", &["vulkan-tools", "clinfo"], &alone, Suite::Trixie)
}

/// Packages and what they need, unpacked into a tree of their own.
fn ensure_package(project: &Project, tree: &'static str, names: &[&str], suite: Suite) -> Result<PathBuf> {
    ensure_packages(project, tree, names, &[], suite)
}

/// The same, and packages without what they need.
fn ensure_packages(
    project: &Project,
    tree: &'static str,
    names: &[&str],
    alone: &[&str],
    suite: Suite,
) -> Result<PathBuf> {
    let place = Place { base: project.engines(), name: tree };
    fs::create_dir_all(&place.base).with_context(|| format!("cannot make {}", place.base.display()))?;
    let lock = File::create(place.file("lock")).context("cannot make the lock of the engines")?;
    lock.lock().context("cannot lock the engines")?;
    if !place.root().exists() {
        let apt = apt::Apt::new(&place, &mirror::find(&place)?, suite.name())?;
        step("reading the package index", || apt.update())?;
        let archives = step(format!("downloading {}", [names, alone].concat().join(", ")), || {
            apt.download_with(names, alone)
        })?;
        let partial = place.file("partial");
        remove_tree(&partial)?;
        unpack::merged_usr(&partial)?;
        archives.iter().try_for_each(|archive| unpack::package(archive, &partial))?;
        fs::rename(&partial, place.root()).with_context(|| format!("cannot rename the tree {tree}"))?;
        remove_tree(&place.file("tools"))?;
        apt.clean()?;
    }
    Ok(place.root())
}

fn make(place: &Place, suite: Suite) -> Result<()> {
    require_root()?;
    eprintln!("unpacking the engines of Debian {} into {}", suite.name(), place.root().display());
    fs::remove_file(place.file("stamp")).or_else(missing_is_fine).context("cannot remove the old stamp")?;
    let apt = apt::Apt::new(place, &mirror::find(place)?, suite.name())?;
    step("reading the package index", || apt.update())?;
    let archives = step("downloading the packages", || apt.download(&suite.packages()))?;
    step(format!("unpacking {} packages", archives.len()), || unpack::root(place, &archives))?;
    step("making the test images", || images::make(place, &archives))?;
    fs::write(place.file("stamp"), stamp(suite) + &listed(&archives)).context("cannot write the stamp")?;
    remove_tree(&place.file("tools"))?;
    apt.clean()
}

/// Where the parts of one suite lie: the root itself and its neighbours `<suite>.<what>`.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    base: PathBuf,
    name: &'static str,
}

impl Place {
    fn of(project: &Project, suite: Suite) -> Self {
        Self { base: project.engines(), name: suite.name() }
    }

    fn root(&self) -> PathBuf {
        self.base.join(self.name)
    }

    fn file(&self, what: &str) -> PathBuf {
        self.base.join(format!("{}.{what}", self.name))
    }

    fn is_fresh(&self, suite: Suite) -> bool {
        let found = fs::read_to_string(self.file("stamp")).unwrap_or_default();
        found.starts_with(&stamp(suite)) && self.root().join("usr/bin/runc").exists()
    }
}

/// The part of the stamp that decides whether a root is still the wanted one.
fn stamp(suite: Suite) -> String {
    format!("{RECIPE}\nwanted: {}\n", suite.packages().join(" "))
}

/// The other part, for people: each package file with its version.
fn listed(archives: &[PathBuf]) -> String {
    let names = archives.iter().filter_map(|path| path.file_stem()).map(|name| name.to_string_lossy());
    names.map(|name| format!("{name}\n")).collect()
}

/// Everything below needs root: unpacking with owners, device nodes, mounts.
pub(crate) fn require_root() -> Result<()> {
    if is_root()? {
        return Ok(());
    }
    Err(Failure::new("cannot run: needs root").hint("run the command as root, for example with sudo -E"))
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = fs::metadata("/proc/self").context("cannot read /proc/self")?;
    Ok(own.uid() == 0)
}

/// Turns "not found" into success.
pub(crate) fn missing_is_fine(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Removes a directory tree that may not be there.
fn remove_tree(path: &Path) -> Result<()> {
    fs::remove_dir_all(path)
        .or_else(missing_is_fine)
        .with_context(|| format!("cannot remove {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_has_the_engines_and_strace() {
        for suite in Suite::ALL {
            for package in ["docker.io", "podman", "runc", "crun", "strace", "libc6"] {
                assert!(suite.packages().contains(&package), "{package} in {}", suite.name());
            }
        }
    }

    #[test]
    fn the_stamp_changes_with_the_package_list() {
        assert_ne!(stamp(Suite::Bookworm), stamp(Suite::Trixie));
    }
}
