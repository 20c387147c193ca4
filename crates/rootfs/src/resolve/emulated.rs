//! The same look-up for kernels without `openat2` (before 5.6) and for old seccomp profiles: one
//! component after the other, each opened without following it.
//!
//! The kernel is never asked for `..`: the folders on the way are held by descriptor, and `..` goes
//! back to the last one. So whatever is renamed meanwhile, no step leads above the root. Links are
//! read and their text is looked up in the same way; the kernel follows none.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, fstatfs, openat, readlinkat};
use rustix::io::{Errno, Result};
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Links on one way, as in the kernel.
const LINKS_LIMIT: usize = 40;
/// How often the last step is repeated while somebody exchanges the file.
const ATTEMPTS: usize = 128;
/// `PROC_SUPER_MAGIC`.
const PROC: i64 = 0x9fa0;

/// What a look-up has found: opened for nothing but naming it.
struct Found {
    fd: OwnedFd,
    stat: Stat,
    /// The folder that it lies in and its name there; `None` for the root and what `..` led to.
    place: Option<(OwnedFd, OsString)>,
}

/// As `openat2` with `RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS`, for flags that create nothing.
pub(super) fn open(root: BorrowedFd<'_>, path: &OsStr, flags: OFlags) -> Result<OwnedFd> {
    if flags.contains(OFlags::CREATE) {
        return Err(Errno::INVAL);
    }
    for _ in 0..ATTEMPTS {
        let found = walk(root, path, !flags.contains(OFlags::NOFOLLOW))?;
        match reopen(found, flags | OFlags::CLOEXEC) {
            // Exchanged between the two steps.
            Err(Errno::STALE) => {}
            other => return other,
        }
    }
    Err(Errno::AGAIN)
}

/// Opens what was found with the wanted flags: it must still be the same.
fn reopen(found: Found, flags: OFlags) -> Result<OwnedFd> {
    let kind = FileType::from_raw_mode(found.stat.st_mode);
    if flags.contains(OFlags::DIRECTORY) && kind != FileType::Directory {
        return Err(Errno::NOTDIR);
    }
    if flags.contains(OFlags::PATH) {
        return Ok(found.fd);
    }
    let flags = flags | OFlags::NOFOLLOW;
    if kind == FileType::Directory {
        return openat(&found.fd, ".", flags, Mode::empty());
    }
    let (folder, name) = found.place.ok_or(Errno::INVAL)?;
    if kind == FileType::Symlink {
        return Err(Errno::LOOP);
    }
    let fd = openat(&folder, &name, flags, Mode::empty()).map_err(|errno| match errno {
        Errno::LOOP | Errno::NOENT | Errno::NXIO => Errno::STALE,
        other => other,
    })?;
    let stat = fstat(&fd)?;
    let is_same = (stat.st_dev, stat.st_ino) == (found.stat.st_dev, found.stat.st_ino);
    if is_same { Ok(fd) } else { Err(Errno::STALE) }
}

/// The walk: folders on the way from the root, and the components that are still to go, the next one
/// last.
struct Walk<'r> {
    root: BorrowedFd<'r>,
    folders: Vec<OwnedFd>,
    rest: Vec<OsString>,
    links: usize,
}

fn walk(root: BorrowedFd<'_>, path: &OsStr, follow_last: bool) -> Result<Found> {
    let mut walk = Walk { root, folders: Vec::new(), rest: Vec::new(), links: 0 };
    walk.push(path.as_bytes());
    while let Some(name) = walk.rest.pop() {
        match name.as_bytes() {
            b"" | b"." => {}
            b".." => drop(walk.folders.pop()),
            _ => {
                if let Some(found) = walk.step(name, follow_last)? {
                    return Ok(found);
                }
            }
        }
    }
    let fd = openat(walk.here(), ".", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    Ok(Found { stat: fstat(&fd)?, fd, place: None })
}

impl Walk<'_> {
    fn here(&self) -> BorrowedFd<'_> {
        self.folders.last().map_or(self.root, AsFd::as_fd)
    }

    /// Puts a path in front of what is still to go.
    fn push(&mut self, path: &[u8]) {
        let names = path.split(|byte| *byte == b'/').rev();
        self.rest.extend(names.map(|name| OsString::from_vec(name.to_vec())));
    }

    /// One component; what it names, when that is the end.
    fn step(&mut self, name: OsString, follow_last: bool) -> Result<Option<Found>> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = openat(self.here(), &name, flags, Mode::empty())?;
        let stat = fstat(&fd)?;
        let is_last = self.rest.is_empty();
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink if !is_last || follow_last => {
                self.follow(&fd)?;
                return Ok(None);
            }
            FileType::Directory if !is_last => {
                self.folders.push(fd);
                return Ok(None);
            }
            _ if !is_last => return Err(Errno::NOTDIR),
            _ => {}
        }
        let folder = openat(self.here(), ".", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Some(Found { fd, stat, place: Some((folder, name)) }))
    }

    fn follow(&mut self, link: &OwnedFd) -> Result<()> {
        self.links += 1;
        let text: CString = readlinkat(link, "", Vec::new())?;
        let text = text.to_bytes();
        if self.links > LINKS_LIMIT || is_magic(link, text)? {
            return Err(Errno::LOOP);
        }
        if text.is_empty() {
            return Err(Errno::NOENT);
        }
        if text.starts_with(b"/") {
            self.folders.clear();
        }
        self.push(text);
        Ok(())
    }
}

/// Whether it is a link of the kernel that leads to an object, whatever its text says: of the links of
/// `/proc` those whose text is no relative path (`/...` or `mnt:[...]`).
fn is_magic(link: &OwnedFd, text: &[u8]) -> Result<bool> {
    let looks_magic = text.starts_with(b"/") || text.contains(&b'[') || text.contains(&b':');
    Ok(looks_magic && fstatfs(link)?.f_type == PROC)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test builds the tree that it looks into")]
mod tests {
    use super::*;
    use rustix::fs::{CWD, ResolveFlags, openat2};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    /// A tree with every kind of link that a hostile image can have.
    fn tree(root: &Path) {
        for folder in ["usr/lib/x", "etc/d", "a/b/c", "proc"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for file in ["etc/file", "usr/lib/x/libc.so", "a/b/c/file"] {
            fs::write(root.join(file), file).unwrap();
        }
        for (text, path) in [
            ("usr/lib", "lib"),
            ("/usr/lib", "lib64"),
            ("../../../../../../etc", "up"),
            ("file", "etc/link"),
            ("/etc/link", "etc/second"),
            ("nowhere", "etc/dangling"),
            ("loop2", "loop1"),
            ("loop1", "loop2"),
            (".", "self"),
            ("..", "a/b/parent"),
            ("b/c/", "a/slash"),
            ("/etc/file/", "etc/notdir"),
            ("/", "slash"),
            ("/proc/self/root", "magic"),
            ("self/self/self/etc/../a/./b//c/../c/file", "winding"),
        ] {
            symlink(text, root.join(path)).unwrap();
        }
        let mut chain = "chain0".to_owned();
        fs::write(root.join(&chain), "end").unwrap();
        for number in 1..=45 {
            let next = format!("chain{number}");
            symlink(&chain, root.join(&next)).unwrap();
            chain = next;
        }
    }

    const PATHS: &[&str] = &[
        ".",
        "etc",
        "etc/file",
        "etc/file/x",
        "etc/link",
        "etc/second",
        "etc/dangling",
        "etc/dangling/x",
        "lib",
        "lib/x/libc.so",
        "lib64/x",
        "up",
        "up/file",
        "up/d",
        "loop1",
        "loop1/x",
        "self/self/etc/link",
        "a/b/parent",
        "a/b/parent/b/c/file",
        "a/slash",
        "a/slash/file",
        "etc/notdir",
        "slash",
        "slash/etc/file",
        "winding",
        "chain1",
        "chain40",
        "chain41",
        "chain45",
        "missing",
        "missing/x",
        "a/b/c/../../b",
        "etc/../../../etc/file",
        "proc/x",
    ];

    #[test]
    fn every_look_up_ends_as_that_of_the_kernel() {
        let place = tempfile::tempdir().unwrap();
        tree(place.path());
        let root = openat(CWD, place.path(), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let identity =
            |opened: Result<OwnedFd>| opened.and_then(fstat).map(|stat| (stat.st_dev, stat.st_ino));
        let path_flags = OFlags::PATH | OFlags::CLOEXEC;
        for path in PATHS {
            for flags in [
                path_flags,
                path_flags | OFlags::NOFOLLOW,
                path_flags | OFlags::DIRECTORY,
                OFlags::RDONLY | OFlags::NONBLOCK,
                OFlags::RDONLY | OFlags::DIRECTORY,
            ] {
                let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
                // Where files are renamed elsewhere on the machine, the kernel is not sure of `..`: see openat2(2).
                let look = || identity(openat2(&root, *path, flags, Mode::empty(), resolve));
                let kernel = (0..1000).map(|_| look()).find(|end| *end != Err(Errno::AGAIN)).unwrap();
                if kernel == Err(Errno::NOSYS) {
                    return;
                }
                assert_eq!(identity(open(root.as_fd(), OsStr::new(path), flags)), kernel, "{path} {flags:?}");
            }
        }
    }

    #[test]
    fn magic_links_are_refused_and_plain_ones_of_proc_are_not() {
        let root = openat(CWD, "/proc", OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        let look = |path: &str| open(root.as_fd(), OsStr::new(path), OFlags::PATH).map(drop);
        for path in ["self/root", "self/root/etc", "self/cwd", "self/exe", "self/fd/0/x", "self/ns/mnt"] {
            assert_eq!(look(path), Err(Errno::LOOP), "{path}");
        }
        assert_eq!(look("self/status"), Ok(()));
        assert_eq!(look("mounts"), Ok(()));
        let itself = open(root.as_fd(), OsStr::new("self/exe"), OFlags::PATH | OFlags::NOFOLLOW);
        assert!(itself.is_ok());
    }
}
