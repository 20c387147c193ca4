//! Adding libraries without a scan: the same entries in the same order as `ldconfig` would write.

use super::order::compare_entries;
use super::{Entry, LdCache, NewEntry, directory};
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

/// Images choose the names, so that thousands of entries compare equal where they want: each entry's rank is
/// looked up once, and what is already there is found by its hash.
pub(super) fn merge<'a>(cache: &LdCache<'a>, additions: &'a [NewEntry], directories: &[&str]) -> LdCache<'a> {
    let present = sorted(&cache.entries);
    let ranks = Ranks::new(directories);
    let mut merged: Vec<Entry<'a>> = Vec::with_capacity(present.len() + additions.len());
    let mut copied = 0;
    for equal in ranks.sorted(additions).chunk_by(|(a, _), (b, _)| compare_entries(a, b).is_eq()) {
        let Some((first, _)) = equal.first() else { continue };
        let group = group_of(&present, first);
        let mut known: HashSet<Entry<'a>> =
            present.get(group.clone()).unwrap_or_default().iter().copied().collect();
        let mut later =
            present.get(group.clone()).unwrap_or_default().iter().map(|old| ranks.of_present(old));
        let (mut place, mut next) = (group.start, later.next());
        for (entry, rank) in equal.iter().filter(|(entry, _)| known.insert(*entry)) {
            while next.is_some_and(|next| next <= *rank) {
                (place, next) = (place + 1, later.next());
            }
            merged.extend(present.get(copied..place).unwrap_or_default());
            copied = copied.max(place);
            merged.push(*entry);
        }
    }
    merged.extend(present.get(copied..).unwrap_or_default());
    LdCache { entries: merged, hwcaps: cache.hwcaps.clone(), generator: cache.generator }
}

/// A cache that is out of order has been useless to the loader; sorting repairs it.
fn sorted<'a>(entries: &[Entry<'a>]) -> Vec<Entry<'a>> {
    let mut entries = entries.to_vec();
    if !entries.is_sorted_by(|a, b| compare_entries(a, b) != Ordering::Greater) {
        entries.sort_by(compare_entries);
    }
    entries
}

/// Where the entries stand that compare equal to `entry`.
fn group_of(entries: &[Entry<'_>], entry: &Entry<'_>) -> std::ops::Range<usize> {
    let start = entries.partition_point(|old| compare_entries(old, entry) == Ordering::Less);
    let end = entries.partition_point(|old| compare_entries(old, entry) != Ordering::Greater);
    start..end
}

impl NewEntry {
    fn as_entry(&self) -> Entry<'_> {
        let Self { soname, path, flags } = self;
        Entry { soname: soname.as_bytes(), path: path.as_bytes(), flags: *flags, os_version: 0, hwcap: 0 }
    }
}

/// Position of a directory in the search order, counted from 1.
struct Ranks<'a>(HashMap<&'a [u8], usize>);

impl<'a> Ranks<'a> {
    fn new(directories: &[&'a str]) -> Self {
        let mut ranks = HashMap::new();
        for (directory, rank) in directories.iter().zip(1..) {
            ranks.entry(directory.trim_end_matches('/').as_bytes()).or_insert(rank);
        }
        Self(ranks)
    }

    /// The additions in their order, with their ranks.
    fn sorted<'e>(&self, additions: &'e [NewEntry]) -> Vec<(Entry<'e>, usize)> {
        let entries = additions.iter().map(NewEntry::as_entry);
        let mut ranked: Vec<_> = entries.map(|entry| (entry, self.of_new(&entry))).collect();
        ranked.sort_by(|(a, left), (b, right)| compare_entries(a, b).then_with(|| left.cmp(right)));
        ranked
    }

    fn of_new(&self, entry: &Entry<'_>) -> usize {
        self.0.get(directory(entry.path)).copied().unwrap_or(0)
    }

    fn of_present(&self, entry: &Entry<'_>) -> usize {
        self.0.get(directory(entry.path)).copied().unwrap_or(usize::MAX)
    }
}
