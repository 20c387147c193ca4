//! `/etc/ld.so.cache` of the image: merged where it can be read, else made anew from its directories.

use super::Known;
use super::additions::{listed, scanned};
use super::search::SearchPath;
use crate::enable_cuda_compat::DEFAULT_FOLDER;
use diag::Result;
use formats::ldcache::{LdCache, NewEntry};
use rootfs::ContainerRoot;

const CACHE: &str = "/etc/ld.so.cache";
/// A cache of 100,000 libraries has 16 MB.
const CACHE_LIMIT: usize = 64 * 1024 * 1024;
/// Shown by `ldconfig -p` for a cache that was made anew.
const GENERATOR: &[u8] = b"longshore";

/// The bytes of the cache; `None` where the image has none. Something else than a file in its place
/// is a cache that cannot be read.
pub(crate) fn read(root: &ContainerRoot) -> Result<Option<Vec<u8>>> {
    match root.read_if_regular(CACHE, CACHE_LIMIT)? {
        None if root.stat(CACHE)?.is_some() => Ok(Some(Vec::new())),
        found => Ok(found),
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
    let mut additions = Vec::new();
    for folder in folders {
        additions.extend(scanned(root, folder, &search.spelling(root, folder), true)?);
    }
    if let Known::Listed(libraries, links) = known {
        additions.extend(listed(root, search, libraries, links)?);
    }
    let merged = match parsed {
        Ok(cache) => merge(cache, search, &additions),
        Err(_) => anew(root, search, additions)?,
    };
    if merged != bytes {
        root.write_file_atomic(CACHE, &merged, 0o644)?;
    }
    Ok(())
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
    for directory in search.existing() {
        additions.extend(scanned(root, directory, directory, false)?);
    }
    let empty = LdCache { generator: Some(GENERATOR), ..LdCache::default() };
    Ok(empty.merge_in_order(&additions, &search.paths()).to_bytes())
}
