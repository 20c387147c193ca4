//! Libraries for newer processors. They lie in subdirectories of a searched directory, are found before
//! the others there, and only by the cache; see ld.so(8), "glibc-hwcaps". Rules of glibc's `ldconfig`, tried
//! against it: an entry's path is that of the file itself, no link is made, and the cache lists the names of the
//! subdirectories in their order.

use super::budget::Search;
use super::cache::machine;
use super::scan::{self, Found};
use diag::Result;
use formats::ldcache::order::compare_entries;
use formats::ldcache::{Entry, HWCAP_EXTENSION, LdCache};
use rootfs::{ContainerRoot, Kind};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

const SUBDIRECTORY: &str = "glibc-hwcaps";
/// More kinds of processors than there are.
const KINDS_LIMIT: usize = 16;
/// The number of the subdirectory in an entry that has one.
const NUMBER: u64 = 0xffff_ffff;

/// A library for one kind of processors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Specialised {
    /// Name of the subdirectory, such as `x86-64-v3`.
    kind: String,
    soname: String,
    path: String,
    flags: i32,
}

/// The subdirectories that were searched, by device and inode: links make one of them many. As for `ldconfig`
/// the first counts.
pub(super) type Seen = HashSet<(u64, u64)>;

/// The specialised libraries that lie below `folder`, which the cache calls `spelling`.
pub(super) fn scanned(
    root: &ContainerRoot,
    folder: &str,
    spelling: &str,
    seen: &mut Seen,
    budget: &mut Search,
) -> Result<Vec<Specialised>> {
    let place = format!("{folder}/{SUBDIRECTORY}");
    let mut all = Vec::new();
    if !budget.goes_on() || !directory(root, &place).is_some_and(|identity| seen.insert(identity)) {
        return Ok(all);
    }
    let entries = root.list(&place)?.unwrap_or_default();
    if !budget.names.take(entries.len()) {
        return Ok(all);
    }
    let names = entries.iter().filter_map(|entry| entry.name.to_str());
    for kind in names.filter(|name| !name.starts_with('.') && !name.contains(':')).take(KINDS_LIMIT) {
        let folder = format!("{place}/{kind}");
        if budget.goes_on() && directory(root, &folder).is_some_and(|identity| seen.insert(identity)) {
            let libraries = scan::libraries(root, &folder, budget)?;
            for library in chosen(&libraries) {
                let Some(flags) = library.flags() else { continue };
                let path = format!("{spelling}/{SUBDIRECTORY}/{kind}/{}", library.file);
                let (kind, soname) = (kind.to_owned(), library.entry_name().to_owned());
                if !budget.bytes.take(path.len() + soname.len()) {
                    return Ok(all);
                }
                all.push(Specialised { kind, soname, path, flags });
            }
        }
    }
    Ok(all)
}

/// The cache with these libraries; of those with one name and kind the search order of the directories tells.
pub(super) fn add<'a>(
    mut cache: LdCache<'a>,
    libraries: &'a [Specialised],
    directories: &[&str],
) -> LdCache<'a> {
    if libraries.is_empty() {
        return cache;
    }
    let kinds = libraries.iter().map(|library| library.kind.as_bytes()).chain(cache.hwcaps.iter().copied());
    let kinds: Vec<&[u8]> = kinds.collect::<BTreeSet<_>>().into_iter().collect();
    let number = |kind: &[u8]| kinds.binary_search(&kind).map_or(0, |place| place as u64);
    for entry in cache.entries.iter_mut().filter(|entry| entry.hwcap & HWCAP_EXTENSION != 0) {
        let kind = usize::try_from(entry.hwcap & NUMBER).ok().and_then(|place| cache.hwcaps.get(place));
        entry.hwcap = entry.hwcap & !NUMBER | number(kind.copied().unwrap_or_default());
    }
    let key = |entry: &Entry<'a>| (entry.soname, entry.path, machine(entry.flags));
    let mut known: BTreeSet<_> = cache.entries.iter().map(key).collect();
    for library in libraries {
        let (soname, path, flags) = (library.soname.as_bytes(), library.path.as_bytes(), library.flags);
        let hwcap = HWCAP_EXTENSION | number(library.kind.as_bytes());
        let entry = Entry { soname, path, flags, os_version: 0, hwcap };
        if known.insert(key(&entry)) {
            cache.entries.push(entry);
        }
    }
    let order = Order::new(directories);
    let mut ranked: Vec<_> = cache.entries.iter().map(|entry| (*entry, order.rank(entry))).collect();
    ranked.sort_by(|(a, left), (b, right)| compare_entries(a, b).then_with(|| left.cmp(right)));
    cache.entries = ranked.into_iter().map(|(entry, _)| entry).collect();
    cache.hwcaps = kinds;
    cache
}

/// The places of the directories in the search order.
struct Order<'d>(HashMap<&'d [u8], usize>);

impl<'d> Order<'d> {
    fn new(directories: &[&'d str]) -> Self {
        let mut places = HashMap::new();
        for (place, directory) in directories.iter().enumerate() {
            places.entry(directory.as_bytes()).or_insert(place);
        }
        Self(places)
    }

    /// Of entries that compare equal the specialised ones first, by their kind and then by the search order.
    fn rank(&self, entry: &Entry<'_>) -> (bool, u64, usize) {
        match entry.hwcap & HWCAP_EXTENSION {
            0 => (true, 0, 0),
            _ => (false, entry.hwcap & NUMBER, self.place(entry.path)),
        }
    }

    /// The place of the directory below whose `glibc-hwcaps` the path lies.
    fn place(&self, path: &[u8]) -> usize {
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let places = slashes.filter_map(|(at, _)| {
            let (directory, rest) = path.split_at_checked(at)?;
            let is_below = rest.strip_prefix(b"/")?.starts_with(SUBDIRECTORY.as_bytes());
            is_below.then(|| self.0.get(directory).copied()).flatten()
        });
        places.min().unwrap_or(usize::MAX)
    }
}

/// Of the libraries with one name the file, not the link, and of several the one with the highest version, which
/// stands first.
fn chosen(libraries: &[Found]) -> impl Iterator<Item = &Found> {
    let mut chosen: BTreeMap<&str, &Found> = BTreeMap::new();
    for library in libraries {
        let kept = chosen.entry(library.entry_name()).or_insert(library);
        if is_name_only(kept) && !is_name_only(library) {
            *kept = library;
        }
    }
    chosen.into_values()
}

/// Whether it is a link that only gives a library its name.
fn is_name_only(library: &Found) -> bool {
    library.is_link && library.file == library.entry_name()
}

/// Device and inode of a directory.
fn directory(root: &ContainerRoot, path: &str) -> Option<(u64, u64)> {
    let stat = root.stat(path).ok().flatten()?;
    (stat.kind == Kind::Directory).then(|| stat.identity())
}
