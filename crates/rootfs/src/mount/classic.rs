//! `mount(2)` through `/proc/self/fd`, for kernels before 5.12 and old seccomp profiles.

use super::Access;
use crate::{Stat, path, resolve};
use rustix::fd::{AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, StatVfsMountFlags, fstat, fstatvfs};
use rustix::io::{Errno, Result};
use rustix::mount::{MountFlags, MountPropagationFlags, mount_bind_recursive, mount_change, mount_remount};
use std::ffi::OsString;
use std::path::Path;

/// The path of an open descriptor. `/proc` is the one of the namespace in which this process works
/// before the container's root is pivoted to, not the image's.
pub(super) fn by_descriptor(fd: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", fd.as_raw_fd())
}

/// Binds the host's `source` on `target`, then restricts it. It is opened again by name, because a
/// descriptor of another mount namespace cannot be a source; it must still be the same file.
pub(super) fn bind(
    root: BorrowedFd<'_>,
    target: &OwnedFd,
    source: &Path,
    stat: Stat,
    access: Access,
    components: &[OsString],
) -> Result<()> {
    let source = rustix::fs::open(source, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    same_file(&source, stat)?;
    mount_bind_recursive(by_descriptor(&source), by_descriptor(target))?;
    // The old descriptor is now below the new mount.
    let mounted = resolve::name(root, &path::relative(components), true)?;
    same_file(&mounted, stat)?;
    mount_change(by_descriptor(&mounted), MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    restrict(&mounted, access)
}

/// Sets the flags of `access` and keeps every flag the mount already has: in a user namespace the
/// kernel refuses to take one away.
pub(super) fn restrict(mounted: &OwnedFd, access: Access) -> Result<()> {
    let present = fstatvfs(mounted)?.f_flag;
    let table = [
        (access.read_only, StatVfsMountFlags::RDONLY, MountFlags::RDONLY),
        (access.no_suid, StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (access.no_dev, StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (access.no_exec, StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (false, StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (false, StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (false, StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ];
    let mut flags = MountFlags::BIND;
    for (wanted, seen, flag) in table {
        if wanted || present.contains(seen) {
            flags |= flag;
        }
    }
    mount_remount(by_descriptor(mounted), flags, c"")
}

fn same_file(fd: &OwnedFd, expected: Stat) -> Result<()> {
    let found = Stat::from(fstat(fd)?);
    if found.identity() == expected.identity() { Ok(()) } else { Err(Errno::STALE) }
}
