//! `/etc/ld.so.cache` of the image: merged where it can be read, else made anew from its directories.

use super::additions::{listed, scanned};
use super::search::SearchPath;
use super::{Known, hwcaps};
use crate::enable_cuda_compat::DEFAULT_FOLDER;
use diag::{Failure, Result};
use formats::ldcache::{LdCache, NewEntry};
use rootfs::ContainerRoot;
use std::collections::HashSet;

const CACHE: &str = "/etc/ld.so.cache";
/// A cache of 100,000 libraries has 16 MB.
const CACHE_LIMIT: usize = 64 * 1024 * 1024;
/// Shown by `ldconfig -p` for a cache that was made anew.
const GENERATOR: &[u8] = b"longshore";

/// The bytes of the cache; `None` where the image has none. Something else than a file in its place, or a
/// file that is larger than any cache, is a cache that cannot be read.
pub(crate) fn read(root: &ContainerRoot) -> Result<Option<Vec<u8>>> {
    let is_there = |least| Ok::<_, Failure>(root.stat(CACHE)?.is_some_and(|stat| stat.size >= least));
    match root.read_if_regular(CACHE, CACHE_LIMIT) {
        Ok(None) if is_there(0)? => Ok(Some(Vec::new())),
        Err(_) if is_there(CACHE_LIMIT as u64 + 1)? => Ok(Some(Vec::new())),
        found => found,
    }
}

/// Writes the cache with the libraries of the `folders` that have to be searched and with the known
/// ones. It is left alone when nothing changes.
pub(crate) fn update(
    root: &ContainerRoot,
    bytes: &[u8],
    search: &mut SearchPath,
    folders: &[String],
    known: Known<'_>,
) -> Result<()> {
    let parsed = LdCache::parse(bytes);
    if let Ok(cache) = &parsed {
        for directory in cache.directories().into_iter().take(64) {
            search.respell(root, &String::from_utf8_lossy(directory));
        }
    }
    let (mut additions, mut specialised) = (Vec::new(), Vec::new());
    for folder in folders {
        let spelling = search.spelling(root, folder);
        additions.extend(scanned(root, folder, &spelling)?);
        specialised.extend(hwcaps::scanned(root, folder, &spelling)?);
    }
    if let Ok(cache) = &parsed {
        additions = missing(cache, additions);
    }
    if let Known::Listed(libraries, links) = known {
        additions.extend(listed(root, search, libraries, links)?);
    }
    let merged = match parsed {
        Ok(cache) => merge(hwcaps::add(cache, &specialised, &search.paths()), search, &additions),
        Err(_) => anew(root, search, additions)?,
    };
    if merged != bytes {
        root.write_file_atomic(CACHE, &merged, 0o644)?;
    }
    Ok(())
}

/// The flags without what says which C library a library was built for: `ldconfig` of before 2.37 looks for that
/// in 32-bit libraries, and finds it in some.
pub(super) fn machine(flags: i32) -> i32 {
    flags & !0xff
}

/// The additions that the cache has not yet.
fn missing(cache: &LdCache<'_>, mut additions: Vec<NewEntry>) -> Vec<NewEntry> {
    if !additions.is_empty() {
        let entries = cache.entries.iter();
        let known: HashSet<_> =
            entries.map(|entry| (entry.soname, entry.path, machine(entry.flags))).collect();
        additions
            .retain(|new| !known.contains(&(new.soname.as_bytes(), new.path.as_bytes(), machine(new.flags))));
    }
    additions
}

fn merge(mut cache: LdCache<'_>, search: &SearchPath, additions: &[NewEntry]) -> Vec<u8> {
    let order = search.paths();
    // Compat libraries of an earlier start that the host's driver no longer allows.
    if !order.contains(&DEFAULT_FOLDER) {
        cache.entries.retain(|entry| entry.directory() != DEFAULT_FOLDER.as_bytes());
    }
    cache.merge_in_order(additions, &order).to_bytes()
}

fn anew(root: &ContainerRoot, search: &SearchPath, mut additions: Vec<NewEntry>) -> Result<Vec<u8>> {
    let mut specialised = Vec::new();
    for directory in search.existing() {
        additions.extend(scanned(root, directory, directory)?);
        specialised.extend(hwcaps::scanned(root, directory, directory)?);
    }
    let empty = LdCache { generator: Some(GENERATOR), ..LdCache::default() };
    let order = search.paths();
    Ok(hwcaps::add(empty, &specialised, &order).merge_in_order(&additions, &order).to_bytes())
}
