//! Mounts by descriptor: taken from the host while detached, made harmless, then attached.

mod classic;
mod private;
mod read_only;

use crate::failing::failed;
use crate::kernel::is_of_kernel;
use crate::syscalls::{self, Attributes, mount_setattr};
use crate::{Directory, Kind, Stat, codes, directory, path, resolve};
use diag::{Failure, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, StatVfsMountFlags, fstat, fstatvfs};
use rustix::io::Errno;
use rustix::mount::{
    MountPropagationFlags, MoveMountFlags, OpenTreeFlags, mount_change, move_mount, open_tree,
};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

pub(crate) use private::mask_file;

/// What a container may do through a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Nothing can be written, and mode and owner cannot be changed.
    pub read_only: bool,
    /// Set-uid and set-gid bits and file capabilities have no effect.
    pub no_suid: bool,
    /// Device nodes cannot be opened.
    pub no_dev: bool,
    /// Programs cannot be run.
    pub no_exec: bool,
}

impl Access {
    /// For libraries, programs and data files.
    pub const FILE: Self = Self { read_only: true, no_suid: true, no_dev: true, no_exec: false };
    /// For sockets, which a client must be able to write to.
    pub const SOCKET: Self = Self { read_only: false, no_suid: true, no_dev: true, no_exec: true };
    /// For device nodes. `read_only` does not stop writing to the device; it keeps the container's
    /// root from changing mode and owner of the host's node.
    pub const DEVICE_NODE: Self = Self { read_only: true, no_suid: true, no_dev: false, no_exec: true };

    fn attributes(self) -> u64 {
        let bit = |wanted, bit| if wanted { bit } else { 0 };
        bit(self.read_only, syscalls::RDONLY)
            | bit(self.no_suid, syscalls::NOSUID)
            | bit(self.no_dev, syscalls::NODEV)
            | bit(self.no_exec, syscalls::NOEXEC)
    }
}

/// A file, socket, device node or directory of the host that containers are to see.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    stat: Stat,
    access: Access,
    /// The detached copy; `None` where the kernel or a seccomp profile lacks the new mount interface.
    tree: Option<OwnedFd>,
}

impl Source {
    /// Takes a detached copy of the mount at the trusted host path `path`, already restricted to
    /// `access`: no moment exists in which it is more open. It may be attached after this process
    /// has entered another mount namespace.
    ///
    /// # Errors
    /// When nothing lies at `path` or the kernel refuses the copy.
    pub fn open(path: impl AsRef<Path>, access: Access) -> Result<Self> {
        let path = path.as_ref();
        let cannot = |errno: Errno| {
            Failure::coded(codes::MOUNT_FAILED, format!("cannot take `{}` of the host", path.display()))
                .caused_by(std::io::Error::from(errno))
                .hint("where the driver was changed since the list was made, `nvidia-ctk cdi generate` makes it anew")
        };
        let (stat, tree) = match detached(path, access) {
            Err(Errno::NOSYS | Errno::PERM) => {
                let flags = OFlags::PATH | OFlags::CLOEXEC;
                let named = rustix::fs::open(path, flags, Mode::empty()).map_err(cannot)?;
                (fstat(&named).map_err(cannot)?, None)
            }
            other => other.map(|tree| (tree.0, Some(tree.1))).map_err(cannot)?,
        };
        Ok(Self { path: path.to_owned(), stat: stat.into(), access, tree })
    }

    /// Facts about the source.
    #[must_use]
    pub fn stat(&self) -> Stat {
        self.stat
    }
}

/// Has the mount that the container's root lies on pass on nothing to its peers: what is attached in the
/// root afterwards appears in no other mount namespace. `root` comes from the engine. To be called in the
/// container's mount namespace.
///
/// # Errors
/// When the kernel refuses.
pub fn keep_mounts_inside(root: &Path) -> Result<()> {
    for path in root.ancestors() {
        match mount_change(path, MountPropagationFlags::DOWNSTREAM) {
            // Not where a mount begins.
            Err(Errno::INVAL) => {}
            other => {
                return other
                    .map_err(|errno| failed(codes::MOUNT_FAILED, "cannot keep mounts inside", "/", errno));
            }
        }
    }
    Ok(())
}

/// A detached, restricted copy. For directories the mounts below come along; the restriction is the
/// top one's, as a `bind` with these options gives it.
fn detached(path: &Path, access: Access) -> rustix::io::Result<(rustix::fs::Stat, OwnedFd)> {
    let flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    let tree = open_tree(CWD, path, flags)?;
    mount_setattr(tree.as_fd(), Attributes { set: access.attributes(), clear: 0, private: true })?;
    Ok((fstat(&tree)?, tree))
}

/// A detached copy of the container's root mount that can be written to, where the OCI runtime has made
/// the attached one read-only already; `None` where that is not needed or not allowed (writes then say
/// EROFS). The container's own mount is never writable for a moment.
pub(crate) fn writable_clone(root: BorrowedFd<'_>) -> Option<OwnedFd> {
    let flags = fstatvfs(root).ok()?.f_flag;
    if !flags.contains(StatVfsMountFlags::RDONLY) || !read_only::by_runtime_alone(root) {
        return None;
    }
    let tree = open_tree(
        root,
        "",
        OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_EMPTY_PATH
            | OpenTreeFlags::AT_RECURSIVE,
    )
    .ok()?;
    let attributes = Attributes { set: 0, clear: syscalls::RDONLY, private: true };
    mount_setattr(tree.as_fd(), attributes).ok()?;
    Some(tree)
}

/// Attaches `source` at the path; the mount point is made through `writer` when it is missing.
pub(crate) fn attach(
    root: BorrowedFd<'_>,
    writer: BorrowedFd<'_>,
    source: &Source,
    components: &[OsString],
) -> Result<()> {
    let shown = path::shown(components);
    let target = mount_point(root, writer, source.stat.kind, components)?;
    let fallback = || classic::bind(root, &target, &source.path, source.stat, source.access, components);
    match &source.tree {
        None => fallback(),
        Some(tree) => match move_onto(tree.as_fd(), target.as_fd()) {
            Err(Errno::NOSYS | Errno::PERM) => fallback(),
            other => other,
        },
    }
    .map_err(|errno| failed(codes::MOUNT_FAILED, "cannot mount", &shown, errno))
}

/// Attaches many. The folder of one file is mostly that of the next: it is looked up once, and its
/// descriptor serves all files in it.
pub(crate) fn attach_all(root: BorrowedFd<'_>, sources: &[(&Source, &str)]) -> Result<()> {
    let mut last: Option<(Vec<OsString>, Directory)> = None;
    for (source, path) in sources {
        let components = path::components(path)?;
        let (Some((name, parents)), Some(tree), false) =
            (components.split_last(), &source.tree, source.stat.kind == Kind::Directory)
        else {
            // What is mounted on a folder hides the folder that was looked up.
            last = None;
            attach(root, root, source, &components)?;
            continue;
        };
        let folder = match last.take() {
            Some((known, folder)) if known == parents => folder,
            _ => directory::make(root, parents, Mode::from_raw_mode(0o755))?,
        };
        if !attach_in(&folder, name, tree)? {
            attach(root, root, source, &components)?;
        }
        last = Some((parents.to_vec(), folder));
    }
    Ok(())
}

/// Attaches a file in the folder, on a new file or on what is there. `false` where that is a link, or
/// where the kernel has other ways to mount.
fn attach_in(folder: &Directory, name: &OsStr, tree: &OwnedFd) -> Result<bool> {
    let Some(target) = folder.mount_file(name)? else { return Ok(false) };
    match move_onto(tree.as_fd(), target.as_fd()) {
        Ok(()) => Ok(true),
        Err(Errno::NOSYS | Errno::PERM) => Ok(false),
        Err(errno) => Err(folder.failed("cannot mount", name, errno)),
    }
}

/// Attaches the detached mount `tree` on `target`.
fn move_onto(tree: BorrowedFd<'_>, target: BorrowedFd<'_>) -> rustix::io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(tree, "", target, "", flags)
}

fn mount_point(
    root: BorrowedFd<'_>,
    writer: BorrowedFd<'_>,
    kind: Kind,
    components: &[OsString],
) -> Result<OwnedFd> {
    let shown = path::shown(components);
    let look_up = || resolve::name(root, &path::relative(components), true);
    let cannot = |errno| failed(codes::MOUNT_FAILED, "cannot find the mount point", &shown, errno);
    let found = match look_up() {
        Err(Errno::NOENT) => {
            make_mount_point(writer, kind, components)?;
            look_up().map_err(cannot)?
        }
        other => other.map_err(cannot)?,
    };
    if is_of_kernel(&found).map_err(cannot)? {
        let message = format!(
            "cannot mount `{shown}` in the container: a link of the image leads to a file system of the kernel"
        );
        return Err(Failure::coded(codes::MOUNT_FAILED, message).hint("remove it from the image"));
    }
    let there = Stat::from(fstat(&found).map_err(cannot)?).kind;
    if (there == Kind::Directory) != (kind == Kind::Directory) || components.is_empty() {
        return Err(Failure::coded(
            codes::MOUNT_FAILED,
            format!(
                "cannot mount `{shown}` in the container: {} of the image stands there",
                there.describe()
            ),
        )
        .hint("remove it from the image"));
    }
    Ok(found)
}

fn make_mount_point(writer: BorrowedFd<'_>, kind: Kind, components: &[OsString]) -> Result<()> {
    let mode = Mode::from_raw_mode(0o755);
    let (Some((name, parents)), true) = (components.split_last(), kind != Kind::Directory) else {
        return directory::make(writer, components, mode).map(drop);
    };
    directory::make(writer, parents, mode)?.make_mount_file(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, OFlags};

    #[test]
    fn no_mount_point_is_of_the_kernel() {
        // The image's own /proc is the machine's here, as when a link of the image leads to one.
        let proc = rustix::fs::open("/proc", OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let point = mount_point(proc.as_fd(), proc.as_fd(), Kind::File, &["version".into()]);
        let failure = point.unwrap_err();
        assert!(failure.line().contains("leads to a file system of the kernel"), "{failure:?}");
    }
}
