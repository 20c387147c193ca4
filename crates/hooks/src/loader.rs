//! The container's dynamic loader learns of the injected libraries: its cache is merged, or made
//! anew where it cannot be read, and directories that it does not search get one drop-in.
//!
//! Rules of glibc's `ldconfig`, tried against it: an entry's key is the SONAME and its path is the
//! directory's first spelling with the SONAME behind it; directories are searched in the order of
//! `ld.so.conf`, then the built-in ones. An image without a cache gets one when its loader is that
//! of glibc: the driver's directory need not be one of those built into it. Images with the musl
//! loader alone, or none at all, get no cache.

mod additions;
mod budget;
mod cache;
mod hwcaps;
mod musl;
mod scan;
mod search;

pub(crate) use scan::InContainer;

use crate::enable_cuda_compat;
use crate::prepare_container::{Library, Link};
use diag::Result;
use rootfs::{ContainerRoot, Kind};
use search::SearchPath;
use std::ffi::OsStr;

/// Names directories of injected libraries that the image's own configuration does not. The name
/// sorts first and is fixed: a restart finds it again.
pub(crate) const DROP_IN: &str = "/etc/ld.so.conf.d/00-nvcr-longshore.conf";
/// Names the directory of compat libraries while they are in use; sorts before [`DROP_IN`].
pub(crate) const COMPAT_DROP_IN: &str = "/etc/ld.so.conf.d/00-compat-longshore.conf";

/// Where the psABI of the architecture has the loader, in every distribution.
#[cfg(target_arch = "x86_64")]
const GLIBC_LOADER: &str = "/lib64/ld-linux-x86-64.so.2";
#[cfg(target_arch = "aarch64")]
const GLIBC_LOADER: &str = "/lib/ld-linux-aarch64.so.1";

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
    musl::update(root, folders)?;
    let cache = match cache::read(root)? {
        Some(cache) => cache,
        // Nothing to take over: it is made anew.
        None if has_glibc(root)? => Vec::new(),
        None => return Ok(()),
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
        Known::Unlisted => folders.iter().cloned().chain(compat).collect(),
        Known::Listed(..) => compat.into_iter().collect(),
    };
    cache::update(root, &cache, &mut search, &scanned, known)
}

/// Whether the image has the loader of glibc; a link that leads astray is no loader. Beside musl a program
/// of that name may be a stand-in of musl's, and only the library of glibc tells.
fn has_glibc(root: &ContainerRoot) -> Result<bool> {
    let is_file = |path: &str| root.stat(path).ok().flatten().is_some_and(|stat| stat.kind == Kind::File);
    Ok(is_file(GLIBC_LOADER)
        && (!musl::is_present(root)? || search::C_LIBRARIES.iter().copied().any(is_file)))
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
