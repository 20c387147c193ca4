//! Where the image's loader searches: `ld.so.conf` with its includes, then the built-in directories.

use super::{COMPAT_DROP_IN, CONFIGURATION, DROP_IN};
use diag::Result;
use formats::ldsoconf::{self, Directive};
use rootfs::{ContainerRoot, Kind};

/// Includes that include each other end here.
const DEPTH_LIMIT: usize = 8;
/// More configuration files than a sound image has.
const FILES_LIMIT: usize = 512;
/// More files than lie in the folders that a sound image includes, in sum.
const ENTRIES_LIMIT: usize = 1 << 17;
/// More directories than a sound image has.
const DIRECTORIES_LIMIT: usize = 256;

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
        let mut reader = Reader { root, files: 0, entries: 0, found: Vec::new() };
        reader.file(CONFIGURATION, 0)?;
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
    files: usize,
    entries: usize,
    found: Vec<String>,
}

impl Reader<'_> {
    fn file(&mut self, path: &str, depth: usize) -> Result<()> {
        if depth > DEPTH_LIMIT || self.files >= FILES_LIMIT || path == DROP_IN || path == COMPAT_DROP_IN {
            return Ok(());
        }
        self.files += 1;
        // As `ldconfig` does: what cannot be read is left out.
        let Ok(Some(bytes)) = super::read_small(self.root, path) else { return Ok(()) };
        for directive in ldsoconf::parse(&String::from_utf8_lossy(&bytes)) {
            match directive {
                Directive::Directory(path) => self.found.push(path),
                Directive::Include(pattern) => {
                    let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
                    self.include(&ldsoconf::absolute_pattern(&pattern, folder), depth)?;
                }
            }
        }
        Ok(())
    }

    /// Any component may be a pattern.
    fn include(&mut self, pattern: &str, depth: usize) -> Result<()> {
        let mut paths = vec![String::new()];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            let mut longer = Vec::new();
            for path in paths {
                self.matching(&path, part, &mut longer);
            }
            longer.truncate(FILES_LIMIT);
            paths = longer;
        }
        paths.iter().try_for_each(|path| self.file(path, depth + 1))
    }

    /// Adds what the pattern stands for in the folder, sorted by name, as the expansion of a pattern is.
    fn matching(&mut self, folder: &str, pattern: &str, found: &mut Vec<String>) {
        if !formats::glob::is_pattern(pattern) {
            found.push(format!("{folder}/{pattern}"));
            return;
        }
        let stat = self.root.stat(folder).ok().flatten();
        if self.entries > ENTRIES_LIMIT || stat.is_none_or(|stat| stat.kind != Kind::Directory) {
            return;
        }
        let entries = self.root.list(folder).ok().flatten().unwrap_or_default();
        // A list of nothing costs something too.
        self.entries += entries.len() + 64;
        let names = entries.iter().map(|entry| entry.name.to_string_lossy());
        found.extend(
            names.filter(|name| formats::glob::matches(pattern, name)).map(|name| format!("{folder}/{name}")),
        );
    }
}
