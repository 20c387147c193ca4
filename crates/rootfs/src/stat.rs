//! What kind of thing lies at a path.

use rustix::fs::FileType;

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Regular file.
    File,
    /// Directory.
    Directory,
    /// Symbolic link.
    Symlink,
    /// Character device node.
    CharDevice,
    /// Block device node.
    BlockDevice,
    /// Named pipe.
    Fifo,
    /// Unix socket.
    Socket,
    /// Anything the kernel may add.
    Unknown,
}

impl Kind {
    /// The kind for people: `a directory`.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::File => "a regular file",
            Self::Directory => "a directory",
            Self::Symlink => "a symbolic link",
            Self::CharDevice => "a character device",
            Self::BlockDevice => "a block device",
            Self::Fifo => "a named pipe",
            Self::Socket => "a socket",
            Self::Unknown => "of an unknown kind",
        }
    }
}

impl From<FileType> for Kind {
    fn from(value: FileType) -> Self {
        match value {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Symlink,
            FileType::CharacterDevice => Self::CharDevice,
            FileType::BlockDevice => Self::BlockDevice,
            FileType::Fifo => Self::Fifo,
            FileType::Socket => Self::Socket,
            _ => Self::Unknown,
        }
    }
}

/// Facts about a file, taken from an open descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Kind.
    pub kind: Kind,
    /// Permission bits, including set-uid, set-gid and sticky.
    pub mode: u32,
    /// Size in bytes.
    pub size: u64,
    /// Device that the file lies on.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Major and minor number of a device node.
    pub device: (u32, u32),
}

impl Stat {
    /// The pair that names a file while it exists.
    #[must_use]
    pub fn identity(&self) -> (u64, u64) {
        (self.dev, self.ino)
    }
}

impl From<rustix::fs::Stat> for Stat {
    fn from(raw: rustix::fs::Stat) -> Self {
        Self {
            kind: FileType::from_raw_mode(raw.st_mode).into(),
            mode: raw.st_mode & 0o7777,
            size: u64::try_from(raw.st_size).unwrap_or(0),
            dev: raw.st_dev,
            ino: raw.st_ino,
            device: (rustix::fs::major(raw.st_rdev), rustix::fs::minor(raw.st_rdev)),
        }
    }
}
