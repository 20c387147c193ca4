//! Folders before and after: every file, link and folder below them, with its content.

use diag::{Result, ResultExt};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Files above this many bytes are not read.
const LARGE: u64 = 64 * 1024;

/// What stands below some folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot(BTreeMap<PathBuf, Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Folder(u32),
    File(u32, Vec<u8>),
    /// A large file, by its length and the time of its last change.
    Large(u32, u64, i64),
    Link(PathBuf),
    /// A socket, a pipe, a device.
    Other,
}

impl Snapshot {
    /// Reads the folders; one that is not there is empty.
    pub(super) fn of(folders: &[&str]) -> Result<Self> {
        let mut entries = BTreeMap::new();
        for folder in folders.iter().map(Path::new).filter(|folder| folder.exists()) {
            read(folder, &mut entries)?;
        }
        Ok(Self(entries))
    }

    /// What differs in a later one, a line each: `+ /etc/docker/daemon.json`. Paths that begin with one of
    /// `but` do not count.
    pub(super) fn changes(&self, later: &Self, but: &[&str]) -> Vec<String> {
        let counts = |path: &&PathBuf| !but.iter().any(|start| path.starts_with(start));
        let gone = self.0.keys().filter(counts).filter(|path| !later.0.contains_key(*path));
        let gone = gone.map(|path| format!("- {}", path.display()));
        let new = later.0.keys().filter(counts).filter(|path| !self.0.contains_key(*path));
        let new = new.map(|path| format!("+ {}", path.display()));
        let other =
            |path: &&PathBuf| later.0.get(*path).is_some_and(|entry| Some(entry) != self.0.get(*path));
        let changed = self.0.keys().filter(counts).filter(other).map(|path| format!("! {}", path.display()));
        gone.chain(new).chain(changed).collect()
    }
}

fn read(folder: &Path, entries: &mut BTreeMap<PathBuf, Entry>) -> Result<()> {
    let listed = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for path in listed.filter_map(|entry| Some(entry.ok()?.path())) {
        let looked = || format!("cannot look at {}", path.display());
        let metadata = fs::symlink_metadata(&path).with_context(looked)?;
        let mode = metadata.permissions().mode();
        let entry = if metadata.is_dir() {
            read(&path, entries)?;
            Entry::Folder(mode)
        } else if metadata.is_file() && metadata.len() > LARGE {
            Entry::Large(mode, metadata.len(), metadata.mtime())
        } else if metadata.is_file() {
            Entry::File(mode, fs::read(&path).with_context(looked)?)
        } else if metadata.is_symlink() {
            Entry::Link(fs::read_link(&path).with_context(looked)?)
        } else {
            Entry::Other
        };
        entries.insert(path, entry);
    }
    Ok(())
}
