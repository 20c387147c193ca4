//! A directory of the container, held by descriptor: the only place from which things are made.

use crate::failing::failed;
use crate::kernel::is_of_kernel;
use crate::{Kind, Stat, codes, path, resolve};
use diag::{Failure, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Uid, chownat, fstat, fstatfs, makedev, mkdirat, mknodat, openat,
    renameat, statat, symlinkat, unlinkat,
};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// What became of a wanted file or link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was there already, exactly as wanted.
    Unchanged,
    /// It was made where nothing was.
    Created,
    /// It took the place of something else.
    Replaced,
}

/// A character device, as a node of the host has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeFacts {
    /// Major and minor number.
    pub device: (u32, u32),
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// `TMPFS_MAGIC` of `linux/magic.h`.
const TMPFS: u64 = 0x0102_1994;

/// A directory that was looked up inside the root. Names given to its methods are single components.
#[derive(Debug)]
pub struct Directory {
    fd: OwnedFd,
    shown: String,
}

/// The directory named by `components`, each missing one made in the parent's descriptor.
pub(crate) fn make(root: BorrowedFd<'_>, components: &[OsString], mode: Mode) -> Result<Directory> {
    if let Some(found) = existing(root, components)? {
        return Ok(found);
    }
    let (mut current, mut depth) = deepest_existing(root, components)?;
    let parents = Mode::from_raw_mode(0o755);
    while let Some(name) = components.get(depth) {
        depth += 1;
        let shown = path::shown(&components[..depth]);
        let mode = if depth == components.len() { mode } else { parents };
        current = make_one(current.as_fd(), name, mode, &shown)?;
    }
    checked(current, path::shown(components))
}

/// Whether the named thing is a regular file of this content and mode.
fn is_already(named: &OwnedFd, bytes: &[u8], mode: u32) -> bool {
    let Ok(stat) = fstat(named).map(Stat::from) else { return false };
    if stat.kind != Kind::File || stat.size != bytes.len() as u64 || stat.mode != mode {
        return false;
    }
    let Ok(fd) = resolve::for_reading(named) else { return false };
    let file = crate::RegularFile::new(fd, stat, String::new());
    file.read_at(0, bytes.len()).is_ok_and(|found| found == bytes)
}

/// The directory named by `components`, if it exists.
pub(crate) fn existing(root: BorrowedFd<'_>, components: &[OsString]) -> Result<Option<Directory>> {
    let flags = OFlags::PATH | OFlags::DIRECTORY;
    match resolve::open(root, &path::relative(components), flags, Mode::empty()) {
        Ok(fd) => checked(fd, path::shown(components)).map(Some),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(cannot_make(&path::shown(components), errno)),
    }
}

/// The longest leading part that exists, links followed inside the root, and its length.
fn deepest_existing(root: BorrowedFd<'_>, components: &[OsString]) -> Result<(OwnedFd, usize)> {
    let flags = OFlags::PATH | OFlags::DIRECTORY;
    for depth in (0..components.len()).rev() {
        match resolve::open(root, &path::relative(&components[..depth]), flags, Mode::empty()) {
            Ok(fd) => {
                let found = checked(fd, path::shown(&components[..depth]))?;
                return Ok((found.fd, depth));
            }
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(cannot_make(&path::shown(&components[..depth]), errno)),
        }
    }
    Err(cannot_make("/", Errno::NOENT))
}

/// Makes one directory and opens it without following a link: what somebody else put there in the
/// meantime, or a link that leads nowhere, is refused.
fn make_one(parent: BorrowedFd<'_>, name: &OsStr, mode: Mode, shown: &str) -> Result<OwnedFd> {
    match mkdirat(parent, name, mode) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(cannot_make(shown, errno)),
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::empty()).map_err(|errno| cannot_make(shown, errno))
}

fn checked(fd: OwnedFd, shown: String) -> Result<Directory> {
    if is_of_kernel(&fd).map_err(|errno| cannot_make(&shown, errno))? {
        return Err(Failure::coded(
            codes::LEADS_ASTRAY,
            format!(
                "`{shown}` in the container lies on a file system of the kernel; nothing may be made there"
            ),
        )
        .hint("a link in the image leads there; use another image"));
    }
    Ok(Directory { fd, shown })
}

fn cannot_make(shown: &str, errno: Errno) -> Failure {
    match errno {
        Errno::NOTDIR => Failure::coded(
            codes::NOT_WRITABLE,
            format!(
                "cannot make the directory `{shown}` in the container: a file or a link that leads nowhere stands there"
            ),
        ),
        _ => failed(codes::NOT_WRITABLE, "cannot make the directory", shown, errno),
    }
}

impl Directory {
    /// The path as the container sees it.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Makes a symbolic link `name` with the text `target`. A link with this text is left alone;
    /// another link or file is replaced in one step.
    ///
    /// # Errors
    /// When a directory has that name or the link cannot be made.
    pub fn symlink(&self, target: &OsStr, name: &OsStr) -> Result<Change> {
        self.check_name(name)?;
        match symlinkat(target, &self.fd, name) {
            Ok(()) => return Ok(Change::Created),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(self.failed("cannot make the link", name, errno)),
        }
        let current = rustix::fs::readlinkat(&self.fd, name, Vec::new());
        if current.is_ok_and(|text| text.to_bytes() == target.as_bytes()) {
            return Ok(Change::Unchanged);
        }
        let temporary = temporary_name(name);
        self.retry_over_leftover(&temporary, || symlinkat(target, &self.fd, &temporary))
            .and_then(|()| self.rename(&temporary, name))
            .map_err(|errno| self.failed("cannot replace by a link", name, errno))?;
        Ok(Change::Replaced)
    }

    /// Writes a regular file `name` through a temporary one and a rename. A regular file that already
    /// has this content and mode is left alone.
    ///
    /// # Errors
    /// When a directory has that name or the file cannot be made.
    pub fn write_file_atomic(&self, name: &OsStr, bytes: &[u8], mode: u32) -> Result<Change> {
        self.check_name(name)?;
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let before = openat(&self.fd, name, flags, Mode::empty()).ok();
        if before.as_ref().is_some_and(|named| is_already(named, bytes, mode)) {
            return Ok(Change::Unchanged);
        }
        let temporary = temporary_name(name);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let create = || openat(&self.fd, &temporary, flags, Mode::from_raw_mode(0o600));
        let written = self
            .retry_over_leftover(&temporary, create)
            .and_then(|fd| fill(&fd, bytes, mode))
            .and_then(|()| self.rename(&temporary, name));
        written.map_err(|errno| self.failed("cannot write", name, errno))?;
        Ok(if before.is_some() { Change::Replaced } else { Change::Created })
    }

    /// Makes the character device `name` on a tmpfs, where the kernel gives it the label that the mount
    /// has for everything in it (`context=` of SELinux). `false` when something has that name already, when
    /// this is another file system, or when the kernel forbids it (user namespaces).
    ///
    /// # Errors
    /// When the device cannot be made for another reason.
    pub fn make_character_device(&self, name: &OsStr, node: NodeFacts) -> Result<bool> {
        self.check_name(name)?;
        let kind = fstatfs(&self.fd).map_err(|errno| self.failed("cannot look at", name, errno))?.f_type;
        #[expect(clippy::cast_sign_loss, reason = "file system numbers are bit patterns of 32 bits")]
        if kind as u64 & 0xffff_ffff != TMPFS {
            return Ok(false);
        }
        let (major, minor) = node.device;
        // The mask of new files must not take bits away, and a name must not be looked up twice.
        let mask = rustix::process::umask(Mode::empty());
        let made = mknodat(
            &self.fd,
            name,
            FileType::CharacterDevice,
            Mode::from_raw_mode(node.mode),
            makedev(major, minor),
        );
        rustix::process::umask(mask);
        match made {
            Ok(()) => {}
            Err(Errno::EXIST | Errno::PERM) => return Ok(false),
            Err(errno) => return Err(self.failed("cannot make the device", name, errno)),
        }
        let (uid, gid) = (Uid::from_raw(node.uid), Gid::from_raw(node.gid));
        chownat(&self.fd, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|errno| self.failed("cannot give away", name, errno))?;
        Ok(true)
    }

    /// Removes the file or link `name`; `false` when there is none.
    ///
    /// # Errors
    /// When a directory has that name or it cannot be removed.
    pub fn remove(&self, name: &OsStr) -> Result<bool> {
        self.check_name(name)?;
        match unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(self.failed("cannot remove", name, errno)),
        }
    }

    /// Facts about `name` itself, links not followed; `None` when there is nothing of that name.
    ///
    /// # Errors
    /// When the kernel cannot tell.
    pub fn lstat(&self, name: &OsStr) -> Result<Option<Stat>> {
        self.check_name(name)?;
        match statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(raw) => Ok(Some(raw.into())),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.failed("cannot stat", name, errno)),
        }
    }

    /// An empty file as a mount point. A link that leads nowhere is refused: who made it chose where
    /// the file would come to lie.
    pub(crate) fn make_mount_file(&self, name: &OsStr) -> Result<()> {
        self.check_name(name)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(&self.fd, name, flags, Mode::from_raw_mode(0o644)) {
            Ok(_) => Ok(()),
            Err(Errno::EXIST) => {
                let path = format!("{}/{}", self.shown.trim_end_matches('/'), path::given(name));
                let text =
                    format!("cannot mount `{path}` in the container: a link that leads nowhere stands there");
                Err(Failure::coded(codes::MOUNT_FAILED, text).hint("remove it from the image"))
            }
            Err(errno) => Err(self.failed("cannot make the mount point", name, errno)),
        }
    }

    /// The file `name` as a mount point, made when it is missing; `None` for a link, which has to be
    /// looked up in the container's root, and for a folder.
    pub(crate) fn mount_file(&self, name: &OsStr) -> Result<Option<OwnedFd>> {
        self.check_name(name)?;
        let cannot = |errno| self.failed("cannot make the mount point", name, errno);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(&self.fd, name, flags, Mode::from_raw_mode(0o644)) {
            Err(Errno::EXIST) => {}
            other => return other.map(Some).map_err(cannot),
        }
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = openat(&self.fd, name, flags, Mode::empty()).map_err(cannot)?;
        let kind = Stat::from(fstat(&fd).map_err(cannot)?).kind;
        Ok(Some(fd).filter(|_| !matches!(kind, Kind::Symlink | Kind::Directory)))
    }

    /// Temporary names are fixed, so what an earlier, killed run left is found and removed.
    fn retry_over_leftover<T>(
        &self,
        temporary: &OsStr,
        create: impl Fn() -> rustix::io::Result<T>,
    ) -> rustix::io::Result<T> {
        match create() {
            Err(Errno::EXIST) => {
                unlinkat(&self.fd, temporary, AtFlags::empty())?;
                create()
            }
            other => other,
        }
    }

    fn rename(&self, temporary: &OsStr, name: &OsStr) -> rustix::io::Result<()> {
        renameat(&self.fd, temporary, &self.fd, name).inspect_err(|_| {
            // The rename's own failure is what the caller must hear of.
            let _ = unlinkat(&self.fd, temporary, AtFlags::empty());
        })
    }

    fn check_name(&self, name: &OsStr) -> Result<()> {
        if path::is_name(name) {
            return Ok(());
        }
        let text = format!("`{}` is not a file name for the directory `{}`", path::given(name), self.shown);
        Err(Failure::coded(codes::NOT_WRITABLE, text))
    }

    pub(crate) fn failed(&self, what: &str, name: &OsStr, errno: Errno) -> Failure {
        let path = format!("{}/{}", self.shown.trim_end_matches('/'), path::given(name));
        match errno {
            Errno::ISDIR | Errno::NOTEMPTY => Failure::coded(
                codes::NOT_WRITABLE,
                format!("{what} `{path}` in the container: a directory of the image stands there"),
            ),
            _ => failed(codes::NOT_WRITABLE, what, &path, errno),
        }
    }
}

fn temporary_name(name: &OsStr) -> OsString {
    let mut temporary = OsString::from(".");
    // A name may be as long as the file system allows (255 bytes): the temporary one is not longer.
    let kept = name.as_bytes().len().min(200);
    temporary.push(OsStr::from_bytes(&name.as_bytes()[..kept]));
    temporary.push(".longshore");
    temporary
}

pub(crate) fn fill(fd: &OwnedFd, bytes: &[u8], mode: u32) -> rustix::io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match rustix::io::write(fd, rest) {
            Ok(count) => rest = &rest[count..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    rustix::fs::fchmod(fd, Mode::from_raw_mode(mode))
}
