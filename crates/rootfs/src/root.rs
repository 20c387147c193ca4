//! One container root: look-ups and bounded reads, and the handles through which things are made.

use crate::failing::failed;
use crate::mount::{self, Source};
use crate::mount_id::mount_id;
use crate::{Change, Directory, Kind, NodeFacts, RegularFile, Stat, codes, directory, path, resolve};
use diag::{Failure, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Dir, Mode, OFlags, fstat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// More entries than any directory of a sound image has where a hook looks.
const ENTRIES_LIMIT: usize = 1 << 16;

/// A container's root directory, held by descriptor. Paths given to its methods are paths as the
/// container sees them; links are followed inside the root only.
#[derive(Debug)]
pub struct ContainerRoot {
    attached: OwnedFd,
    /// A detached, writable copy of the root mount where the attached one is already read-only
    /// (crun before 1.28 sets that before the createContainer hooks).
    writable: Option<OwnedFd>,
}

/// What of a file may be written again for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Public {
    /// There is no such file.
    Absent,
    /// All of it.
    Bytes(Vec<u8>),
    /// Nothing: it is no file, is not for everybody, or lies on another mount than the root.
    Withheld,
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name without directory.
    pub name: OsString,
    /// Kind of the entry itself (links are not followed); [`Kind::Unknown`] where the file system
    /// does not say.
    pub kind: Kind,
}

impl ContainerRoot {
    /// Opens the root of a container. `path` comes from the engine and is used this once.
    ///
    /// # Errors
    /// When it is no directory, or is the root directory of the machine itself.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if path.as_os_str().is_empty() {
            return Err(Failure::coded(codes::BAD_ROOT, "the container's root has an empty path"));
        }
        let attached = rustix::fs::open(path, flags, Mode::empty()).map_err(|errno| {
            Failure::coded(codes::BAD_ROOT, format!("cannot open the container's root `{}`", path.display()))
                .caused_by(std::io::Error::from(errno))
        })?;
        refuse_own_root(attached.as_fd(), path)?;
        let writable = mount::writable_clone(attached.as_fd());
        Ok(Self { attached, writable })
    }

    /// Facts about what lies at `path`, links followed; `None` when nothing does.
    ///
    /// # Errors
    /// When the look-up fails for another reason than absence.
    pub fn stat(&self, path: impl AsRef<OsStr>) -> Result<Option<Stat>> {
        self.stat_named(path.as_ref(), true)
    }

    /// Like [`ContainerRoot::stat`], but a link at the end is looked at itself.
    ///
    /// # Errors
    /// As there.
    pub fn lstat(&self, path: impl AsRef<OsStr>) -> Result<Option<Stat>> {
        self.stat_named(path.as_ref(), false)
    }

    /// The text of the link at `path`; `None` when there is no link.
    ///
    /// # Errors
    /// When the look-up fails for another reason than absence.
    pub fn read_link(&self, path: impl AsRef<OsStr>) -> Result<Option<OsString>> {
        let shown = path::given(&path);
        let Some(fd) = self.named(path.as_ref(), false)? else { return Ok(None) };
        match rustix::fs::readlinkat(fd, "", Vec::new()) {
            Ok(text) => Ok(Some(OsStr::from_bytes(text.to_bytes()).to_owned())),
            Err(Errno::INVAL | Errno::NOENT) => Ok(None),
            Err(errno) => Err(failed(codes::UNREADABLE, "cannot read the link", &shown, errno)),
        }
    }

    /// The regular file at `path`, open for reading; `None` when nothing lies there.
    ///
    /// # Errors
    /// When something else than a regular file lies there (it is not opened), or it cannot be opened.
    pub fn open_file(&self, path: impl AsRef<OsStr>) -> Result<Option<RegularFile>> {
        let components = path::components(&path)?;
        let shown = path::shown(&components);
        match resolve::regular(self.attached.as_fd(), &path::relative(&components)) {
            Ok(found) => Ok(found.map(|(fd, stat)| RegularFile::new(fd, stat.into(), shown))),
            Err(Errno::INVAL) => Err(self.wrong_kind(path.as_ref(), "a regular file")),
            Err(errno) => Err(failed(codes::UNREADABLE, "cannot open", &shown, errno)),
        }
    }

    /// The whole content of the regular file at `path`, at most `limit` bytes; `None` when nothing
    /// lies there.
    ///
    /// # Errors
    /// As [`ContainerRoot::open_file`], and when the file is larger than `limit`.
    pub fn read_file(&self, path: impl AsRef<OsStr>, limit: usize) -> Result<Option<Vec<u8>>> {
        self.open_file(path)?.map(|file| file.read(limit)).transpose()
    }

    /// Like [`ContainerRoot::read_file`], for files that are optional: something else than a regular
    /// file is as good as nothing.
    ///
    /// # Errors
    /// When the file is larger than `limit`, or the look-up fails for another reason than absence.
    pub fn read_if_regular(&self, path: impl AsRef<OsStr>, limit: usize) -> Result<Option<Vec<u8>>> {
        let components = path::components(&path)?;
        let shown = path::shown(&components);
        match resolve::regular(self.attached.as_fd(), &path::relative(&components)) {
            Ok(Some((fd, stat))) => RegularFile::new(fd, stat.into(), shown).read(limit).map(Some),
            Ok(None) | Err(Errno::INVAL) => Ok(None),
            Err(errno) => Err(failed(codes::UNREADABLE, "cannot open", &shown, errno)),
        }
    }

    /// Like [`ContainerRoot::read_if_regular`], for what is going to be written again where everybody can read
    /// it: only a file that everybody may read, on the mount of the root itself. A link of the image can lead
    /// to a file of a volume that the container's user may not read, and we as root could.
    ///
    /// # Errors
    /// As for [`ContainerRoot::read_if_regular`].
    pub fn read_public(&self, path: impl AsRef<OsStr>, limit: usize) -> Result<Public> {
        let components = path::components(&path)?;
        let shown = path::shown(&components);
        let (fd, stat) = match resolve::regular(self.attached.as_fd(), &path::relative(&components)) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Public::Absent),
            Err(Errno::INVAL) => return Ok(Public::Withheld),
            Err(errno) => return Err(failed(codes::UNREADABLE, "cannot open", &shown, errno)),
        };
        let own = mount_id(&self.attached);
        if stat.st_mode & 0o004 == 0 || own.is_none() || mount_id(&fd) != own {
            return Ok(Public::Withheld);
        }
        RegularFile::new(fd, stat.into(), shown).read(limit).map(Public::Bytes)
    }

    /// The names in the directory at `path`, sorted; `None` when nothing lies there.
    ///
    /// # Errors
    /// When something else than a directory lies there, or it has more than 65536 entries.
    pub fn list(&self, path: impl AsRef<OsStr>) -> Result<Option<Vec<Entry>>> {
        let components = path::components(&path)?;
        let shown = path::shown(&components);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK;
        let fd =
            match resolve::open(self.attached.as_fd(), &path::relative(&components), flags, Mode::empty()) {
                Err(Errno::NOENT) => return Ok(None),
                Err(Errno::NOTDIR) => return Err(self.wrong_kind(path.as_ref(), "a directory")),
                other => other.map_err(|errno| failed(codes::UNREADABLE, "cannot open", &shown, errno))?,
            };
        entries(&fd, &shown).map(Some)
    }

    /// The directory at `path`, made with its missing parents (mode 0755, the last one `mode`).
    ///
    /// # Errors
    /// When something else than a directory stands in the way, when it lies on a file system of the
    /// kernel (`/proc`, `/sys`, cgroups), or when it cannot be made.
    pub fn make_directory(&self, path: impl AsRef<OsStr>, mode: u32) -> Result<Directory> {
        let components = path::components(&path)?;
        directory::make(self.writer(), &components, Mode::from_raw_mode(mode))
    }

    /// The directory at `path` for making and removing things in it; `None` when nothing lies there.
    ///
    /// # Errors
    /// As [`ContainerRoot::make_directory`].
    pub fn directory(&self, path: impl AsRef<OsStr>) -> Result<Option<Directory>> {
        directory::existing(self.writer(), &path::components(&path)?)
    }

    /// Makes the symbolic link `path` with the text `target`; missing parents get mode 0755. A link
    /// with this text is left alone; another link or file is replaced.
    ///
    /// # Errors
    /// When a directory lies at `path`, or the link or its parents cannot be made.
    pub fn symlink(&self, target: impl AsRef<OsStr>, path: impl AsRef<OsStr>) -> Result<Change> {
        let (directory, name) = self.parent_of(path.as_ref())?;
        directory.symlink(target.as_ref(), &name)
    }

    /// Writes a regular file through a temporary one and a rename; missing parents get mode 0755. A
    /// file that already has this content and mode is left alone.
    ///
    /// # Errors
    /// When a directory lies at `path`, or the file or its parents cannot be made.
    pub fn write_file_atomic(&self, path: impl AsRef<OsStr>, bytes: &[u8], mode: u32) -> Result<Change> {
        let (directory, name) = self.parent_of(path.as_ref())?;
        directory.write_file_atomic(&name, bytes, mode)
    }

    /// Makes a character device at `path` where that is possible; see
    /// [`Directory::make_character_device`].
    ///
    /// # Errors
    /// As there.
    pub fn make_character_device(&self, path: impl AsRef<OsStr>, node: NodeFacts) -> Result<bool> {
        let (directory, name) = self.parent_of(path.as_ref())?;
        directory.make_character_device(&name, node)
    }

    /// Sets the permission bits of what lies at `path`, links followed; `false` when nothing does.
    ///
    /// # Errors
    /// When the kernel refuses for another reason than EPERM, which is reported as `Ok(false)` too.
    pub fn set_mode(&self, path: impl AsRef<OsStr>, mode: u32) -> Result<bool> {
        let components = path::components(&path)?;
        let shown = path::shown(&components);
        let cannot = |errno| failed(codes::NOT_WRITABLE, "cannot set the mode of", &shown, errno);
        let named = match resolve::name(self.writer(), &path::relative(&components), true) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(false),
            other => other.map_err(cannot)?,
        };
        let kind = Stat::from(fstat(&named).map_err(cannot)?).kind;
        if !matches!(kind, Kind::File | Kind::Directory) {
            return Ok(false);
        }
        let fd = resolve::for_reading(&named).map_err(cannot)?;
        match rustix::fs::fchmod(&fd, Mode::from_raw_mode(mode)) {
            Err(Errno::PERM) => Ok(false),
            other => other.map(|()| true).map_err(cannot),
        }
    }

    /// Attaches `source` at `path`, over whatever lies there. A missing mount point is made: an empty
    /// file or a directory, like the source.
    ///
    /// # Errors
    /// When a directory and a file would cover each other, or the mount point cannot be made, or the
    /// kernel refuses the mount.
    pub fn attach(&self, source: &Source, path: impl AsRef<OsStr>) -> Result<()> {
        let components = path::components(&path)?;
        mount::attach(self.attached.as_fd(), self.writer(), source, &components)
    }

    /// Attaches many sources at their paths, in this order; see [`ContainerRoot::attach`].
    ///
    /// # Errors
    /// As there.
    pub fn attach_all(&self, sources: &[(&Source, &str)]) -> Result<()> {
        if self.writable.is_none() {
            return mount::attach_all(self.attached.as_fd(), sources);
        }
        sources.iter().try_for_each(|(source, path)| self.attach(source, path))
    }

    /// Covers the file at `path` by a private, read-only one with other content, which lives as long
    /// as the container's mount namespace. `false` when nothing lies there.
    ///
    /// # Errors
    /// When the kernel refuses one of the mounts.
    pub fn mask_file(&self, path: impl AsRef<OsStr>, bytes: &[u8]) -> Result<bool> {
        mount::mask_file(self.attached.as_fd(), &path::components(&path)?, bytes)
    }

    fn writer(&self) -> BorrowedFd<'_> {
        self.writable.as_ref().unwrap_or(&self.attached).as_fd()
    }

    fn parent_of(&self, path: &OsStr) -> Result<(Directory, OsString)> {
        let mut components = path::components(path)?;
        let Some(name) = components.pop() else {
            return Err(Failure::coded(
                codes::NOT_WRITABLE,
                "the container's root itself cannot be replaced",
            ));
        };
        Ok((directory::make(self.writer(), &components, Mode::from_raw_mode(0o755))?, name))
    }

    fn named(&self, path: &OsStr, follow: bool) -> Result<Option<OwnedFd>> {
        let components = path::components(path)?;
        match resolve::name(self.attached.as_fd(), &path::relative(&components), follow) {
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            other => other.map(Some).map_err(|errno| {
                failed(codes::UNREADABLE, "cannot look up", &path::shown(&components), errno)
            }),
        }
    }

    fn stat_named(&self, path: &OsStr, follow: bool) -> Result<Option<Stat>> {
        let Some(fd) = self.named(path, follow)? else { return Ok(None) };
        fstat(fd)
            .map(|raw| Some(raw.into()))
            .map_err(|errno| failed(codes::UNREADABLE, "cannot stat", &path::given(path), errno))
    }

    fn wrong_kind(&self, path: &OsStr, wanted: &str) -> Failure {
        let found = self.stat(path).ok().flatten().map_or("gone by now", |stat| stat.kind.describe());
        Failure::coded(
            codes::UNREADABLE,
            format!("`{}` in the container is {found}, not {wanted}", path::given(path)),
        )
    }
}

/// A hook runs before the container's root is pivoted to: if the root is our own `/`, the engine's
/// data are wrong and everything would be written to the host (the original's hooks do that).
fn refuse_own_root(root: BorrowedFd<'_>, path: &Path) -> Result<()> {
    let identity = |fd: BorrowedFd<'_>| fstat(fd).ok().map(|stat| (stat.st_dev, stat.st_ino));
    let own = rustix::fs::open("/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    if own.is_ok_and(|own| identity(own.as_fd()) == identity(root)) {
        return Err(Failure::coded(
            codes::BAD_ROOT,
            format!("`{}` is the root directory of this machine, not of a container", path.display()),
        )
        .hint("the bundle's config.json names a wrong root.path"));
    }
    Ok(())
}

fn entries(fd: &OwnedFd, shown: &str) -> Result<Vec<Entry>> {
    let cannot = |errno| failed(codes::UNREADABLE, "cannot list", shown, errno);
    let mut found = Vec::new();
    for entry in Dir::read_from(fd).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            continue;
        }
        if found.len() == ENTRIES_LIMIT {
            let text = format!("`{shown}` in the container has more than {ENTRIES_LIMIT} entries");
            return Err(Failure::coded(codes::UNREADABLE, text));
        }
        found.push(Entry { name: OsStr::from_bytes(name).to_owned(), kind: entry.file_type().into() });
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(found)
}
