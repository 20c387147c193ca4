//! Where the image's loader searches: `ld.so.conf` with its includes, then the built-in directories.

use super::budget::Budget;
use super::{COMPAT_DROP_IN, CONFIGURATION, DROP_IN};
use diag::Result;
use formats::glob::Pattern;
use formats::ldsoconf::{self, Directive};
use rootfs::{ContainerRoot, Kind};
use std::collections::HashSet;

/// Includes that include each other end here.
const DEPTH_LIMIT: usize = 8;
/// More configuration files than a sound image has.
const FILES_LIMIT: usize = 512;
/// More than all configuration files of a sound image have in sum, in bytes.
const BYTES_LIMIT: usize = 4 << 20;
/// Steps of the whole reading, of about a microsecond each: a line, a name in a folder, a part of a path. A sound
/// image takes some hundreds.
const STEPS_LIMIT: usize = 1 << 18;
/// Steps that a look at a path counts for, whatever lies there: a way through long links takes milliseconds.
const LOOK: usize = 256;
/// Comparisons of a character of a pattern with one of a name that count for one step.
const COMPARISONS: usize = 1024;
/// More directories than a sound image has.
const DIRECTORIES_LIMIT: usize = 256;
/// `PATH_MAX` of Linux: no longer path can be looked at.
const LONGEST_PATH: usize = 4096;
/// `NAME_MAX` of Linux: nothing has a longer name.
const LONGEST_NAME: usize = 255;

#[cfg(target_arch = "x86_64")]
const DEBIAN: &[&str] = &["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib"];
#[cfg(target_arch = "aarch64")]
const DEBIAN: &[&str] = &["/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib", "/usr/lib"];
/// What `ldconfig` adds by itself where the C library lies in `/lib64` and `/usr/lib64`.
const OTHERS: &[&str] = &["/lib", "/lib64", "/usr/lib", "/usr/lib64"];

/// Where the C library of glibc lies.
#[cfg(target_arch = "x86_64")]
pub(super) const C_LIBRARIES: &[&str] =
    &["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib64/libc.so.6", "/usr/lib/libc.so.6"];
#[cfg(target_arch = "aarch64")]
pub(super) const C_LIBRARIES: &[&str] =
    &["/lib/aarch64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib64/libc.so.6", "/usr/lib/libc.so.6"];

/// Directories in search order, each once.
#[derive(Debug)]
pub(crate) struct SearchPath {
    directories: Vec<Directory>,
}

#[derive(Clone, Debug)]
struct Directory {
    path: String,
    /// Device and inode; `None` for a directory that does not exist.
    identity: Option<(u64, u64)>,
}

impl SearchPath {
    /// Reads the image's configuration, without what earlier starts of this container added.
    pub(crate) fn read(root: &ContainerRoot) -> Result<Self> {
        let mut reader = Reader::new(root);
        reader.file(CONFIGURATION, 0);
        let built_in = if is_debian(root)? { DEBIAN } else { OTHERS };
        let paths = reader.found.into_iter().chain(built_in.iter().map(|path| (*path).to_owned()));
        let mut search = Self { directories: Vec::new() };
        for path in paths.take(DIRECTORIES_LIMIT) {
            search.push(root, path);
        }
        Ok(search)
    }

    /// Whether the loader searches this directory, under whatever name.
    pub(crate) fn covers(&self, root: &ContainerRoot, path: &str) -> bool {
        match identity(root, path) {
            Some(wanted) => self.directories.iter().any(|known| known.identity == Some(wanted)),
            None => self.directories.iter().any(|known| known.path == path),
        }
    }

    /// Has `path` searched before all others.
    pub(crate) fn put_first(&mut self, root: &ContainerRoot, path: &str) {
        let directory = Directory { path: path.to_owned(), identity: identity(root, path) };
        self.directories.insert(0, directory);
    }

    /// Takes over the spelling of `path` for the directory that it names.
    pub(crate) fn respell(&mut self, root: &ContainerRoot, path: &str) {
        let Some(wanted) = identity(root, path) else { return };
        for known in self.directories.iter_mut().filter(|known| known.identity == Some(wanted)) {
            path.clone_into(&mut known.path);
        }
    }

    /// The spelling to use for the directory `path`: the first one in search order.
    pub(crate) fn spelling(&self, root: &ContainerRoot, path: &str) -> String {
        let same = |wanted| self.directories.iter().find(|known| known.identity == Some(wanted));
        identity(root, path).and_then(same).map_or_else(|| path.to_owned(), |known| known.path.clone())
    }

    /// The directories, in order.
    pub(crate) fn paths(&self) -> Vec<&str> {
        self.directories.iter().map(|directory| directory.path.as_str()).collect()
    }

    /// The directories that exist, in order.
    pub(crate) fn existing(&self) -> impl Iterator<Item = &str> {
        let existing = self.directories.iter().filter(|directory| directory.identity.is_some());
        existing.map(|directory| directory.path.as_str())
    }

    fn push(&mut self, root: &ContainerRoot, path: String) {
        let identity = identity(root, &path);
        let known = self
            .directories
            .iter()
            .any(|known| known.path == path || (identity.is_some() && known.identity == identity));
        if !known {
            self.directories.push(Directory { path, identity });
        }
    }
}

/// Whether the image's C library is built as Debian builds it; a distroless image has nothing but
/// the library itself to tell.
fn is_debian(root: &ContainerRoot) -> Result<bool> {
    let libc = format!("{}/libc.so.6", DEBIAN.first().unwrap_or(&""));
    Ok(root.lstat("/etc/debian_version")?.is_some() || root.lstat(libc)?.is_some())
}

/// Device and inode of a directory of the container. A path that leads astray names nothing.
fn identity(root: &ContainerRoot, path: &str) -> Option<(u64, u64)> {
    let stat = root.stat(path).ok().flatten()?;
    (stat.kind == Kind::Directory).then(|| stat.identity())
}

struct Reader<'r> {
    root: &'r ContainerRoot,
    files: Budget,
    bytes: Budget,
    steps: Budget,
    directories: Budget,
    /// Each once, in the order of the configuration.
    found: Vec<String>,
    known: HashSet<String>,
}

impl<'r> Reader<'r> {
    fn new(root: &'r ContainerRoot) -> Self {
        Self {
            root,
            files: Budget::new(FILES_LIMIT, "more than 512 files of the loader's configuration"),
            bytes: Budget::new(BYTES_LIMIT, "more than 4 MiB of the loader's configuration"),
            steps: Budget::new(STEPS_LIMIT, "a configuration of the loader that takes too long to read"),
            directories: Budget::new(DIRECTORIES_LIMIT, "more than 256 directories to search for libraries"),
            found: Vec::new(),
            known: HashSet::new(),
        }
    }

    /// Whether nothing more is read. With the last file the directories in those before it still count.
    fn is_over(&self) -> bool {
        [&self.bytes, &self.steps, &self.directories].into_iter().any(Budget::is_used_up)
    }

    fn file(&mut self, path: &str, depth: usize) {
        let is_left_out = depth > DEPTH_LIMIT || path == DROP_IN || path == COMPAT_DROP_IN;
        if is_left_out || self.is_over() || !self.files.take(1) || !self.steps.take(LOOK) {
            return;
        }
        // As `ldconfig` does: what cannot be read is left out.
        let Ok(Some(bytes)) = super::read_small(self.root, path) else { return };
        if !self.bytes.take(bytes.len()) {
            return;
        }
        for directive in ldsoconf::parse(&String::from_utf8_lossy(&bytes)) {
            if self.is_over() || !self.steps.take(1) {
                return;
            }
            match directive {
                Directive::Directory(path) => self.directory(path),
                Directive::Include(pattern) => {
                    let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
                    self.include(&ldsoconf::absolute_pattern(&pattern, folder), depth);
                }
            }
        }
    }

    fn directory(&mut self, path: String) {
        let is_new = path.len() < LONGEST_PATH && !self.known.contains(&path);
        if is_new && self.directories.take(1) {
            self.known.insert(path.clone());
            self.found.push(path);
        }
    }

    /// Any component may be a pattern.
    fn include(&mut self, pattern: &str, depth: usize) {
        let parts = || pattern.split('/').filter(|part| !part.is_empty());
        // Nothing has such a name.
        if pattern.len() >= LONGEST_PATH || parts().any(|part| part.len() > LONGEST_NAME) {
            return;
        }
        let mut paths = vec![String::new()];
        for part in parts() {
            paths = if formats::glob::is_pattern(part) {
                self.matching(&paths, part)
            } else {
                self.plain(paths, part)
            };
        }
        for path in &paths {
            self.file(path, depth + 1);
        }
    }

    /// The paths with the part behind each.
    fn plain(&mut self, mut paths: Vec<String>, part: &str) -> Vec<String> {
        if !self.steps.take(paths.len()) {
            return Vec::new();
        }
        for path in &mut paths {
            path.push('/');
            path.push_str(part);
        }
        paths.retain(|path| path.len() < LONGEST_PATH);
        paths
    }

    /// What the pattern stands for in the folders, sorted by name in each, as the expansion of a pattern is.
    fn matching(&mut self, folders: &[String], pattern: &str) -> Vec<String> {
        let read = Pattern::new(pattern);
        let mut found = Vec::new();
        for folder in folders {
            if found.len() >= FILES_LIMIT || self.is_over() || !self.steps.take(LOOK) {
                break;
            }
            let stat = self.root.stat(folder).ok().flatten();
            if stat.is_none_or(|stat| stat.kind != Kind::Directory) {
                continue;
            }
            let entries = self.root.list(folder).ok().flatten().unwrap_or_default();
            let characters: usize = entries.iter().map(|entry| entry.name.len()).sum();
            if !self.steps.take(entries.len() + characters * pattern.len() / COMPARISONS) {
                break;
            }
            let names = entries.iter().map(|entry| entry.name.to_string_lossy());
            let matching = names.filter(|name| read.matches(name)).map(|name| format!("{folder}/{name}"));
            found.extend(matching.take(FILES_LIMIT - found.len()));
        }
        found
    }
}
