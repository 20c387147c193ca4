//! Files and directories, each with an error that names the path.

use diag::{Result, ResultExt};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

/// Makes a directory and those above it.
pub(crate) fn make_directory(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    fs::create_dir_all(path).with_context(|| format!("cannot make the directory {}", path.display()))
}

/// Makes the directory in which a path lies.
pub(super) fn make_parent(path: &Path) -> Result<()> {
    path.parent().map_or(Ok(()), make_directory)
}

/// Makes an empty file where there is nothing, for something to be mounted on.
pub(super) fn touch(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    make_parent(path)?;
    let opened = fs::OpenOptions::new().write(true).create(true).truncate(false).open(path);
    opened.map(drop).with_context(|| format!("cannot make {}", path.display()))
}

/// Writes a file: these bytes, then holes up to the size.
pub(super) fn write(path: &Path, head: &[u8], size: u64, mode: u32) -> Result<()> {
    let write = || {
        let mut file = fs::File::create(path)?;
        file.write_all(head)?;
        file.set_len(size)
    };
    write().with_context(|| format!("cannot write {}", path.display()))?;
    set_mode(path, mode)
}

/// Makes a symbolic link, in place of whatever file is there.
pub(super) fn link(text: &str, path: &Path) -> Result<()> {
    remove_file(path)?;
    symlink(text, path).with_context(|| format!("cannot make the link {}", path.display()))
}

/// Removes a file or link, if there is one.
pub(super) fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(cause).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Makes a device node or socket, in place of whatever file is there. `number` is that of
/// [`rustix::fs::makedev`], 0 for a socket.
pub(super) fn node(path: &Path, kind: FileType, number: u64, mode: u32) -> Result<()> {
    remove_file(path)?;
    mknodat(CWD, path, kind, Mode::from_raw_mode(mode), number)
        .with_context(|| format!("cannot make the node {}", path.display()))?;
    set_mode(path, mode)
}

/// Sets the permission bits, whatever the umask.
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<()> {
    let permissions = fs::Permissions::from_mode(mode);
    fs::set_permissions(path, permissions)
        .with_context(|| format!("cannot set the mode of {}", path.display()))
}

/// Sets owner and group.
pub(super) fn set_owner(path: &Path, uid: u32, gid: u32) -> Result<()> {
    chown(path, Some(uid), Some(gid)).with_context(|| format!("cannot set the owner of {}", path.display()))
}

/// The entries of a directory in name order; none for a directory that does not exist.
pub(super) fn list(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot list {}", path.display()))?,
    };
    let paths: std::io::Result<Vec<PathBuf>> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.with_context(|| format!("cannot list {}", path.display()))?;
    paths.sort();
    Ok(paths)
}

/// The text of a file.
pub(super) fn read_text(path: impl AsRef<Path>) -> Result<String> {
    let path = path.as_ref();
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
