//! Directories of kernel file systems and of `/run` into which nothing can or may be written: a tmpfs
//! takes the directory's place, shows everything that was in it, and takes more.

use super::{files, mounts};
use diag::{Result, ResultExt};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Replaces `directory`, keeping the entries whose names satisfy `keep`. A directory that does not
/// exist is made in a graft of the one above it. `workbench` is another directory, whose content nobody
/// needs meanwhile.
pub(super) fn graft(directory: &Path, workbench: &Path, keep: fn(&str) -> bool) -> Result<()> {
    if !directory.exists() {
        if let Some(parent) = directory.parent() {
            graft(parent, workbench, |_| true)?;
        }
        return files::make_directory(directory);
    }
    let mode =
        fs::metadata(directory).with_context(|| format!("cannot look at {}", directory.display()))?.mode();
    mounts::tmpfs(workbench, mode & 0o7777)?;
    for entry in files::list(directory)? {
        let name = entry.file_name().unwrap_or_default();
        if keep(&name.to_string_lossy()) {
            show(&entry, &workbench.join(name))?;
        }
    }
    mounts::move_to(workbench, directory)
}

/// Shows an entry at its new place: links are copied, all else is bound.
pub(super) fn show(entry: &Path, place: &Path) -> Result<()> {
    let kind = fs::symlink_metadata(entry).with_context(|| format!("cannot look at {}", entry.display()))?;
    if kind.is_symlink() {
        let text =
            fs::read_link(entry).with_context(|| format!("cannot read the link {}", entry.display()))?;
        return files::link(&text.to_string_lossy(), place);
    }
    if kind.is_dir() {
        files::make_directory(place)?;
        return mounts::bind_tree(entry, place);
    }
    files::touch(place)?;
    mounts::bind(entry, place)
}
