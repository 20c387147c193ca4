//! A small private file over one of the container's: for tables of the kernel that a container must
//! see differently. It leaves nothing behind: no scratch directory, no file of the host.

use super::{Access, classic, move_onto};
use crate::failing::failed;
use crate::syscalls::{Attributes, mount_setattr};
use crate::{codes, path, resolve};
use diag::Result;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, OpenTreeFlags, UnmountFlags, fsconfig_create,
    fsconfig_set_string, fsmount, fsopen, mount, mount_bind_recursive, open_tree, unmount,
};
use std::ffi::OsString;

/// What the container may do with the private file.
const ACCESS: Access = Access { read_only: true, no_suid: true, no_dev: true, no_exec: true };
/// Name of the file inside its tmpfs; never visible.
const NAME: &str = "private";
/// Room for one file of a page or two.
const SIZE: &str = "65536";

/// Covers the file at the path by a private one; `false` when there is none.
pub(crate) fn mask_file(root: BorrowedFd<'_>, components: &[OsString], bytes: &[u8]) -> Result<bool> {
    let cannot = |errno| failed(codes::MOUNT_FAILED, "cannot cover", &path::shown(components), errno);
    let target = match resolve::name(root, &path::relative(components), true) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(false),
        other => other.map_err(cannot)?,
    };
    let parents = &components[..components.len().saturating_sub(1)];
    let parent = resolve::name(root, &path::relative(parents), true).map_err(cannot)?;
    match cover(&parent, &target, bytes) {
        Err(Errno::NOSYS | Errno::PERM) => cover_classic(root, &parent, &target, components, bytes),
        other => other,
    }
    .map(|()| true)
    .map_err(cannot)
}

fn cover(parent: &OwnedFd, target: &OwnedFd, bytes: &[u8]) -> rustix::io::Result<()> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(context.as_fd(), "size", SIZE)?;
    fsconfig_set_string(context.as_fd(), "mode", "0755")?;
    fsconfig_create(context.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let scratch = fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
    write_private(&scratch, bytes)?;
    let file = match clone_file(&scratch) {
        // Before Linux 6.15 nothing can be cloned from a mount that is not attached.
        Err(Errno::INVAL) => clone_while_attached(parent, &scratch)?,
        other => other?,
    };
    mount_setattr(file.as_fd(), Attributes { set: ACCESS.attributes(), clear: 0, private: true })?;
    move_onto(file.as_fd(), target.as_fd())
}

fn clone_file(scratch: &OwnedFd) -> rustix::io::Result<OwnedFd> {
    open_tree(scratch, NAME, OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC)
}

fn clone_while_attached(parent: &OwnedFd, scratch: &OwnedFd) -> rustix::io::Result<OwnedFd> {
    move_onto(scratch.as_fd(), parent.as_fd())?;
    let file = clone_file(scratch);
    unmount(classic::by_descriptor(scratch), UnmountFlags::DETACH)?;
    file
}

/// The same with `mount(2)`: the tmpfs covers the parent directory for a moment.
fn cover_classic(
    root: BorrowedFd<'_>,
    parent: &OwnedFd,
    target: &OwnedFd,
    components: &[OsString],
    bytes: &[u8],
) -> rustix::io::Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("tmpfs", classic::by_descriptor(parent), "tmpfs", flags, c"mode=0755,size=65536")?;
    let parents = &components[..components.len().saturating_sub(1)];
    let scratch = resolve::name(root, &path::relative(parents), true)?;
    let bound = bind_private(&scratch, target, bytes);
    unmount(classic::by_descriptor(&scratch), UnmountFlags::DETACH)?;
    bound?;
    let mounted = resolve::name(root, &path::relative(components), true)?;
    classic::restrict(&mounted, ACCESS)
}

fn bind_private(scratch: &OwnedFd, target: &OwnedFd, bytes: &[u8]) -> rustix::io::Result<()> {
    write_private(scratch, bytes)?;
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(scratch, NAME, flags, Mode::empty())?;
    mount_bind_recursive(classic::by_descriptor(&file), classic::by_descriptor(target))
}

fn write_private(scratch: &OwnedFd, bytes: &[u8]) -> rustix::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(scratch, NAME, flags, Mode::from_raw_mode(0o600))?;
    crate::directory::fill(&file, bytes, 0o444)
}
