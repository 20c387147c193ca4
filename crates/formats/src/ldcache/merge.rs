//! Adding libraries without a scan: the same entries in the same order as `ldconfig` would write.

use super::order::compare_entries;
use super::{Entry, LdCache, NewEntry, directory};
use std::cmp::Ordering;
use std::collections::HashMap;

pub(super) fn merge<'a>(cache: &LdCache<'a>, additions: &'a [NewEntry], directories: &[&str]) -> LdCache<'a> {
    let present = sorted(&cache.entries);
    let ranks = Ranks::new(directories);
    let mut new: Vec<Entry<'a>> = additions.iter().map(NewEntry::as_entry).collect();
    new.sort_by(|a, b| compare_entries(a, b).then_with(|| ranks.of_new(a).cmp(&ranks.of_new(b))));
    let mut merged: Vec<Entry<'a>> = Vec::with_capacity(present.len() + new.len());
    let mut copied = 0;
    for entry in new {
        let group = group_of(&present, &entry);
        if present.get(group.clone()).is_some_and(|group| group.contains(&entry))
            || just_added(&merged, &entry)
        {
            continue;
        }
        let before = present.get(group.clone()).unwrap_or_default();
        let place = group.start
            + before.iter().take_while(|old| ranks.of_present(old) <= ranks.of_new(&entry)).count();
        merged.extend(present.get(copied..place).unwrap_or_default());
        copied = copied.max(place);
        merged.push(entry);
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

/// Whether `entry` was just added: equal additions are neighbours after sorting.
fn just_added(merged: &[Entry<'_>], entry: &Entry<'_>) -> bool {
    merged
        .iter()
        .rev()
        .take_while(|old| compare_entries(old, entry) == Ordering::Equal)
        .any(|old| old == entry)
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

    fn of_new(&self, entry: &Entry<'_>) -> usize {
        self.0.get(directory(entry.path)).copied().unwrap_or(0)
    }

    fn of_present(&self, entry: &Entry<'_>) -> usize {
        self.0.get(directory(entry.path)).copied().unwrap_or(usize::MAX)
    }
}
