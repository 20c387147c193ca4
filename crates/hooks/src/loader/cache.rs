//! `/etc/ld.so.cache` of the image: merged where it can be read, else made anew from its directories.

use super::Known;
use super::additions::{listed, scanned};
use super::budget::Search;
use super::hwcaps::{self, Seen, Specialised};
use super::search::SearchPath;
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
    let mut budget = Search::of_one_start();
    let spelled = folders.iter().map(|folder| (folder.clone(), search.spelling(root, folder)));
    let (additions, specialised) = found(root, &spelled.collect::<Vec<_>>(), &mut budget)?;
    let listed = match known {
        Known::Listed(libraries, links) => listed(root, search, libraries, links)?,
        Known::Unlisted => Vec::new(),
    };
    let taken_over = parsed.ok().map(|cache| {
        let additions: Vec<_> = missing(&cache, &additions).into_iter().chain(listed.clone()).collect();
        merge(hwcaps::add(cache, &specialised, &search.paths()), search, &additions)
    });
    // One that grows beyond what is read is as good as one that cannot be read.
    let merged = match taken_over.filter(|merged| merged.len() <= CACHE_LIMIT) {
        Some(merged) => merged,
        None => anew(root, search, additions.into_iter().chain(listed).collect(), &mut budget)?,
    };
    if merged != bytes {
        root.write_file_atomic(CACHE, &merged, 0o644)?;
    }
    Ok(())
}

/// The libraries in directories and their spellings. The specialised ones come after all others: where the
/// image has more than is looked at, these are left out first.
fn found(
    root: &ContainerRoot,
    directories: &[(String, String)],
    budget: &mut Search,
) -> Result<(Vec<NewEntry>, Vec<Specialised>)> {
    let (mut ordinary, mut specialised, mut seen) = (Vec::new(), Vec::new(), Seen::new());
    for (directory, spelling) in directories {
        ordinary.extend(scanned(root, directory, spelling, budget)?);
    }
    for (directory, spelling) in directories {
        specialised.extend(hwcaps::scanned(root, directory, spelling, &mut seen, budget)?);
    }
    Ok((ordinary, specialised))
}

/// The flags without what says which C library a library was built for: `ldconfig` of before 2.37 looks for that
/// in 32-bit libraries, and finds it in some.
pub(super) fn machine(flags: i32) -> i32 {
    flags & !0xff
}

/// The additions that the cache has not yet.
fn missing(cache: &LdCache<'_>, additions: &[NewEntry]) -> Vec<NewEntry> {
    if additions.is_empty() {
        return Vec::new();
    }
    let entries = cache.entries.iter();
    let known: HashSet<_> = entries.map(|entry| (entry.soname, entry.path, machine(entry.flags))).collect();
    let is_missing =
        |new: &&NewEntry| !known.contains(&(new.soname.as_bytes(), new.path.as_bytes(), machine(new.flags)));
    additions.iter().filter(is_missing).cloned().collect()
}

fn merge(mut cache: LdCache<'_>, search: &SearchPath, additions: &[NewEntry]) -> Vec<u8> {
    let order = search.paths();
    // Compat libraries of an earlier start that the host's driver no longer allows.
    if !order.contains(&DEFAULT_FOLDER) {
        cache.entries.retain(|entry| entry.directory() != DEFAULT_FOLDER.as_bytes());
    }
    cache.merge_in_order(additions, &order).to_bytes()
}

fn anew(
    root: &ContainerRoot,
    search: &SearchPath,
    mut additions: Vec<NewEntry>,
    budget: &mut Search,
) -> Result<Vec<u8>> {
    let existing = search.existing().map(|directory| (directory.to_owned(), directory.to_owned()));
    let (ordinary, specialised) = found(root, &existing.collect::<Vec<_>>(), budget)?;
    additions.extend(ordinary);
    let empty = LdCache { generator: Some(GENERATOR), ..LdCache::default() };
    let order = search.paths();
    Ok(hwcaps::add(empty, &specialised, &order).merge_in_order(&additions, &order).to_bytes())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests look at directories of their own")]
mod tests {
    use super::super::budget::Budget;
    use super::*;

    const LIBRARY: &[u8] = include_bytes!("../../../formats/fixtures/elf/no-soname.so");

    /// An image whose two directories have three libraries each, and one with a specialised one.
    fn image() -> (tempfile::TempDir, ContainerRoot) {
        let folder = tempfile::tempdir().unwrap();
        for directory in ["usr/lib", "opt/glibc-hwcaps/x86-64-v3"] {
            std::fs::create_dir_all(folder.path().join(directory)).unwrap();
        }
        for name in ["usr/lib/liba.so", "usr/lib/libb.so", "usr/lib/libc.so", "opt/liba.so", "opt/libb.so"] {
            std::fs::write(folder.path().join(name), LIBRARY).unwrap();
        }
        for name in ["opt/libc.so", "opt/glibc-hwcaps/x86-64-v3/liba.so"] {
            std::fs::write(folder.path().join(name), LIBRARY).unwrap();
        }
        let root = ContainerRoot::open(folder.path()).unwrap();
        (folder, root)
    }

    #[test]
    fn what_is_looked_at_has_its_limit_over_all_directories_together() {
        let (_folder, root) = image();
        let directories = ["/opt", "/usr/lib"].map(|path| (path.to_owned(), path.to_owned()));
        // Files, names, bytes; the ordinary and the specialised libraries that are found.
        let table = [
            ((7, 9, 1000), (6, 1)),
            ((6, 9, 1000), (6, 0)),
            ((4, 9, 1000), (4, 0)),
            ((0, 9, 1000), (0, 0)),
            ((7, 7, 1000), (6, 0)),
            ((7, 4, 1000), (3, 0)),
            ((7, 9, 40), (2, 0)),
        ];
        for ((files, names, bytes), expected) in table {
            let mut budget = Search::of_one_start();
            budget.files = Budget::new(files, "many libraries");
            budget.names = Budget::new(names, "many names");
            budget.bytes = Budget::new(bytes, "long names");
            let (ordinary, specialised) = found(&root, &directories, &mut budget).unwrap();
            assert_eq!((ordinary.len(), specialised.len()), expected, "{files} {names} {bytes}");
        }
    }

    #[test]
    fn what_takes_too_long_is_left_off() {
        let (_folder, root) = image();
        let mut budget = Search::of_one_start();
        budget.time = Budget::new(0, "no time");
        let directories = [("/usr/lib".to_owned(), "/usr/lib".to_owned())];
        assert!(found(&root, &directories, &mut budget).unwrap().0.len() < 3);
    }

    /// The libraries that are injected come first and do not depend on what is left of the budget.
    #[test]
    fn a_cache_made_anew_without_a_budget_has_the_drivers_libraries() {
        let (_folder, root) = image();
        let mut search = SearchPath::read(&root).unwrap();
        search.put_first(&root, "/opt");
        let listed = ["libcuda.so.1", "liba.so"].map(|soname| NewEntry {
            soname: soname.to_owned(),
            path: format!("/opt/{soname}"),
            flags: formats::ldcache::FLAGS_X86_64,
        });
        let mut budget = Search::of_one_start();
        budget.files = Budget::new(2, "many libraries");
        let bytes = anew(&root, &search, listed.to_vec(), &mut budget).unwrap();
        let cache = LdCache::parse(&bytes).unwrap();
        let paths: Vec<_> = cache.entries.iter().map(|entry| String::from_utf8_lossy(entry.path)).collect();
        assert_eq!(paths, ["/opt/libcuda.so.1", "/opt/libb.so", "/opt/liba.so"]);
    }
}
