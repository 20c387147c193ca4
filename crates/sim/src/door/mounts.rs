//! Mounts, each with an error that names the place.

use crate::codes::NO_NAMESPACE;
use diag::{Failure, Result};
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_change,
    mount_move, unmount,
};
use std::ffi::CString;
use std::path::Path;

/// Cuts this namespace off: no mount made here is seen outside, none made outside comes in.
pub(super) fn make_private() -> Result<()> {
    let flags = MountPropagationFlags::REC | MountPropagationFlags::PRIVATE;
    mount_change("/", flags).map_err(failed("make the mount namespace private at", "/"))
}

/// Mounts an empty tmpfs.
pub(super) fn tmpfs(target: impl AsRef<Path>, mode: u32) -> Result<()> {
    file_system("tmpfs", target, &format!("mode={mode:o}"))
}

/// Mounts a file system that needs no device.
pub(super) fn file_system(kind: &str, target: impl AsRef<Path>, options: &str) -> Result<()> {
    let target = target.as_ref();
    let data = CString::new(options)
        .map_err(|cause| Failure::new("a mount option holds a zero byte").caused_by(cause))?;
    mount(kind, target, kind, MountFlags::empty(), data.as_c_str())
        .map_err(failed(&format!("mount {kind} at"), target))
}

/// Lays a writable overlay with fresh `upper` and `work` directories over `lower`.
pub(super) fn overlay(lower: &Path, upper: &Path, work: &Path, target: &Path) -> Result<()> {
    // The kernel splits the options at commas and the lower directories at colons.
    if lower.as_os_str().as_encoded_bytes().iter().any(|byte| b",:\\".contains(byte)) {
        return Err(Failure::coded(
            NO_NAMESPACE,
            format!("{} holds a comma, colon or backslash, which an overlay cannot take", lower.display()),
        ));
    }
    let options =
        format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
    file_system("overlay", target, &options)
}

/// Shows a file or directory, without the mounts below it, at another place.
pub(crate) fn bind(source: impl AsRef<Path>, target: impl AsRef<Path>) -> Result<()> {
    let (source, target) = (source.as_ref(), target.as_ref());
    mount_bind(source, target).map_err(failed(&format!("bind {} to", source.display()), target))
}

/// Shows a directory with the mounts below it at another place. They are no peers: what a container
/// mounts on its copy must not appear on the simulated host.
pub(crate) fn bind_tree(source: impl AsRef<Path>, target: impl AsRef<Path>) -> Result<()> {
    let (source, target) = (source.as_ref(), target.as_ref());
    mount_bind_recursive(source, target).map_err(failed(&format!("bind {} to", source.display()), target))?;
    let flags = MountPropagationFlags::REC | MountPropagationFlags::PRIVATE;
    mount_change(target, flags).map_err(failed("make private", target))
}

/// Moves a mount, with those below it.
pub(super) fn move_to(source: impl AsRef<Path>, target: impl AsRef<Path>) -> Result<()> {
    let (source, target) = (source.as_ref(), target.as_ref());
    mount_move(source, target).map_err(failed(&format!("move the mount {} to", source.display()), target))
}

/// Takes a mount away, at once for new look-ups. Only mounts of this namespace are ever given here.
pub(super) fn detach(target: impl AsRef<Path>) -> Result<()> {
    let target = target.as_ref();
    unmount(target, UnmountFlags::DETACH).map_err(failed("unmount", target))
}

fn failed(what: &str, place: impl AsRef<Path>) -> impl FnOnce(Errno) -> Failure {
    let message = format!("cannot {what} {}", place.as_ref().display());
    move |cause| Failure::coded(NO_NAMESPACE, message).caused_by(cause)
}
