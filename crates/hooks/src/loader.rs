//! The container's dynamic loader learns of the injected libraries: its cache is merged, or made
//! anew where it cannot be read, and directories that it does not search get one drop-in.
//!
//! Rules of glibc's `ldconfig`, tried against it: an entry's key is the SONAME and its path is the
//! directory's first spelling with the SONAME behind it; directories are searched in the order of
//! `ld.so.conf`, then the built-in ones. An image without a cache gets none: its loader does not
//! use one (musl) or finds libraries in its built-in directories.

mod additions;
mod cache;
mod musl;
mod scan;
mod search;

pub(crate) use scan::InContainer;

use crate::enable_cuda_compat;
use crate::prepare_container::{Library, Link};
use diag::Result;
use rootfs::ContainerRoot;
use search::SearchPath;
use std::ffi::OsStr;

/// Names directories of injected libraries that the image's own configuration does not. The name
/// sorts first and is fixed: a restart finds it again.
pub(crate) const DROP_IN: &str = "/etc/ld.so.conf.d/00-nvcr-longshore.conf";
/// Names the directory of compat libraries while they are in use; sorts before [`DROP_IN`].
pub(crate) const COMPAT_DROP_IN: &str = "/etc/ld.so.conf.d/00-compat-longshore.conf";

const CONFIGURATION: &str = "/etc/ld.so.conf";
const CONFIGURATION_FILE_LIMIT: usize = 1024 * 1024;

/// What is known of the libraries in the folders.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known<'a> {
    /// These libraries were injected, and these links made.
    Listed(&'a [Library], &'a [Link]),
    /// Nothing: the folders are searched.
    Unlisted,
}

/// Makes the loader find what lies in `folders`.
pub(crate) fn update(root: &ContainerRoot, folders: &[String], known: Known<'_>) -> Result<()> {
    let Some(cache) = cache::read(root)? else {
        return musl::update(root, folders);
    };
    let mut search = SearchPath::read(root)?;
    let uncovered: Vec<&String> = folders.iter().filter(|folder| !search.covers(root, folder)).collect();
    write_drop_in(root, &uncovered)?;
    for folder in uncovered.into_iter().rev() {
        search.put_first(root, folder);
    }
    let compat = enable_cuda_compat::active_folder(root)?;
    if let Some(folder) = &compat {
        search.put_first(root, folder);
    }
    let scanned: Vec<String> = match known {
        Known::Unlisted => compat.into_iter().chain(folders.iter().cloned()).collect(),
        Known::Listed(..) => compat.into_iter().collect(),
    };
    cache::update(root, &cache, &mut search, &scanned, known)
}

/// Removes the file or link at `path`, which was made by an earlier start of this container.
pub(crate) fn remove(root: &ContainerRoot, path: &str) -> Result<()> {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    // Looked up first: in most containers there is nothing to remove, nor the directory.
    if root.lstat(path)?.is_none() {
        return Ok(());
    }
    match root.directory(parent)? {
        Some(directory) => directory.remove(OsStr::new(name)).map(drop),
        None => Ok(()),
    }
}

/// A small file of the image; `None` when there is none or it is not a regular file, which the
/// image's own `ldconfig` could not use either.
pub(crate) fn read_small(root: &ContainerRoot, path: &str) -> Result<Option<Vec<u8>>> {
    root.read_if_regular(path, CONFIGURATION_FILE_LIMIT)
}

fn write_drop_in(root: &ContainerRoot, folders: &[&String]) -> Result<()> {
    if folders.is_empty() {
        return remove(root, DROP_IN);
    }
    let content: String = folders.iter().map(|folder| format!("{folder}\n")).collect();
    root.write_file_atomic(DROP_IN, content.as_bytes(), 0o644)?;
    if root.lstat(CONFIGURATION)?.is_none() {
        root.write_file_atomic(CONFIGURATION, b"include /etc/ld.so.conf.d/*.conf\n", 0o644)?;
    }
    Ok(())
}
