//! Real user spaces of the driver: Debian's packages, unpacked, as a driver root. Nothing of them is kept in
//! the checkout; their licence forbids it, and they are large.

use super::{Place, Suite, apt, mirror, remove_tree, require_root, unpack};
use crate::progress::step;
use crate::project::Project;
use diag::{Failure, Result, ResultExt};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The source package that all of them come from.
const SOURCE: &str = "nvidia-graphics-drivers";
/// Parts of names of packages that hold no user space.
const OTHERS: &[&str] = &["dkms", "kernel", "headers", "legacy", "detect", "-dev"];

/// A driver's user space.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserSpace {
    /// The suite that it is a part of: 535 of bookworm, 550 of trixie.
    pub(crate) suite: Suite,
    /// Debian's name of the architecture.
    pub(crate) architecture: &'static str,
    tree: &'static str,
}

/// All of them.
pub(crate) const USER_SPACES: &[UserSpace] = &[
    UserSpace { suite: Suite::Bookworm, architecture: "amd64", tree: "driver-bookworm-amd64" },
    UserSpace { suite: Suite::Bookworm, architecture: "arm64", tree: "driver-bookworm-arm64" },
    UserSpace { suite: Suite::Trixie, architecture: "amd64", tree: "driver-trixie-amd64" },
    UserSpace { suite: Suite::Trixie, architecture: "arm64", tree: "driver-trixie-arm64" },
];

impl UserSpace {
    /// The loader's name of the architecture.
    pub(crate) fn triplet(&self) -> &'static str {
        if self.architecture == "arm64" { "aarch64-linux-gnu" } else { "x86_64-linux-gnu" }
    }
}

/// Makes a user space ready: its packages, without what they depend on, and the links that their scripts
/// would make.
pub(crate) fn ensure(project: &Project, space: &UserSpace) -> Result<PathBuf> {
    require_root()?;
    let place = Place { base: project.engines(), name: space.tree };
    fs::create_dir_all(&place.base).with_context(|| format!("cannot make {}", place.base.display()))?;
    let lock = File::create(place.file("lock")).context("cannot make the lock of the engines")?;
    lock.lock().context("cannot lock the engines")?;
    if place.root().exists() {
        return Ok(place.root());
    }
    let apt = apt::Apt::of_drivers(&place, &mirror::find(&place)?, space.suite.name(), space.architecture)?;
    step("reading the package index", || apt.update())?;
    let names = apt.of_source(SOURCE)?;
    let names: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| !OTHERS.iter().any(|part| name.contains(part)))
        .collect();
    if names.is_empty() {
        return Err(Failure::new(format!("no package comes from {SOURCE}")));
    }
    let archives =
        step(format!("downloading {} packages of the driver", names.len()), || apt.download_alone(&names))?;
    let partial = place.file("partial");
    remove_tree(&partial)?;
    unpack::merged_usr(&partial)?;
    archives.iter().try_for_each(|archive| unpack::package(archive, &partial))?;
    alternatives(&partial, space.triplet())?;
    fs::rename(&partial, place.root()).with_context(|| format!("cannot rename the tree {}", space.tree))?;
    remove_tree(&place.file("tools"))?;
    apt.clean()?;
    Ok(place.root())
}

/// The links of Debian's alternatives, for some libraries and a program: `libcuda.so.1` leads through
/// `/etc/alternatives` to the folder of the driver in use.
fn alternatives(tree: &Path, triplet: &str) -> Result<()> {
    let folder = tree.join("etc/alternatives");
    fs::create_dir_all(&folder).context("cannot make the folder of alternatives")?;
    let libraries = format!("/usr/lib/{triplet}");
    let current = format!("{libraries}/nvidia/current");
    for (name, place, target) in [
        ("nvidia--libcuda.so.1", format!("{libraries}/libcuda.so.1"), format!("{current}/libcuda.so.1")),
        (
            "nvidia--libnvidia-ml.so.1",
            format!("{libraries}/libnvidia-ml.so.1"),
            format!("{current}/libnvidia-ml.so.1"),
        ),
        (
            "nvidia--nvidia-smi",
            "/usr/bin/nvidia-smi".to_owned(),
            "/usr/lib/nvidia/current/nvidia-smi".to_owned(),
        ),
    ] {
        link(Path::new(&target), &folder.join(name))?;
        link(&Path::new("/etc/alternatives").join(name), &tree.join(place.trim_start_matches('/')))?;
    }
    Ok(())
}

fn link(target: &Path, path: &Path) -> Result<()> {
    symlink(target, path).with_context(|| format!("cannot make the link {}", path.display()))
}
