//! Packages to a root: unpacked in order, their scripts not run, the little that they would have
//! done put there by hand.

use super::{Place, remove_tree};
use crate::exec::{capture, command, pipe};
use diag::{Result, ResultExt};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Directories that the packages do not bring.
const FOLDERS: [&str; 12] =
    ["proc", "sys", "dev", "run", "tmp", "etc/containers", "etc/cdi", "var", "root", "mnt", "home", "opt"];

/// Small files that the packages' scripts would have written.
const FILES: [(&str, &str); 6] = [
    ("etc/passwd", "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    ("etc/group", "root:x:0:\ntty:x:5:\nvideo:x:44:\ndocker:x:999:\nnogroup:x:65534:\n"),
    ("etc/hosts", "127.0.0.1 localhost\n"),
    ("etc/hostname", "longshore\n"),
    ("etc/containers/policy.json", "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}\n"),
    // Without the ulimits podman asks for more than a container's hard limits often allow; a cgroup
    // v2 tree beside v1 hierarchies has no controller for a limit of processes.
    (
        "etc/containers/containers.conf",
        "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\npids_limit = 0\n\n\
         [engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n",
    ),
];

/// Makes the root of a suite anew: complete or not at all.
pub(super) fn root(place: &Place, archives: &[PathBuf]) -> Result<()> {
    let partial = place.file("partial");
    remove_tree(&partial)?;
    merged_usr(&partial)?;
    for folder in FOLDERS {
        make_folder(&partial.join(folder))?;
    }
    link("../run", &partial.join("var/run"))?;
    fs::set_permissions(partial.join("tmp"), Permissions::from_mode(0o1777))
        .context("cannot open up /tmp")?;
    archives.iter().try_for_each(|archive| package(archive, &partial))?;
    for (name, text) in FILES {
        fs::write(partial.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    capture(command(["chroot"]).arg(&partial).arg("ldconfig"))?;
    remove_tree(&place.root())?;
    fs::rename(&partial, place.root()).with_context(|| format!("cannot rename {}", partial.display()))
}

/// Unpacks one package over a tree; links in the place of directories stay.
pub(super) fn package(archive: &Path, tree: &Path) -> Result<()> {
    pipe(
        command(["dpkg-deb", "--fsys-tarfile"]).arg(archive),
        command(["tar", "--extract", "--keep-directory-symlink", "--directory"]).arg(tree),
    )
}

/// `/bin`, `/sbin` and `/lib*` as links into `/usr`, as Debian has them.
pub(super) fn merged_usr(tree: &Path) -> Result<()> {
    for folder in ["bin", "sbin", "lib", "lib64"] {
        make_folder(&tree.join("usr").join(folder))?;
        link(&format!("usr/{folder}"), &tree.join(folder))?;
    }
    Ok(())
}

/// Makes a directory and its parents.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))
}

/// Makes a symbolic link.
pub(super) fn link(target: &str, path: &Path) -> Result<()> {
    symlink(target, path).with_context(|| format!("cannot link {}", path.display()))
}
