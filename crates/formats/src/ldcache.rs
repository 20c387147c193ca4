//! `/etc/ld.so.cache`, the dynamic loader's table from library name to file.
//!
//! The layout is glibc's (`sysdeps/generic/dl-cache.h`): a header, fixed-size entries, a string
//! table, and since glibc 2.32 an extension block with the generator's name and the names of
//! `glibc-hwcaps` subdirectories. The loader bisects the entries, so their order is part of the
//! format; see [`order`]. Older systems put a second table in the format of 1996 in front; the
//! loader ignores it when the new one follows, and so do we.
//!
//! A cache is read from an image that nobody trusts. When it cannot be taken over faithfully the
//! error is a [`Rescan`]: the library directories have to be searched anew instead.

mod merge;
pub mod order;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;

/// Flags of an entry for an x86-64 library of the GNU C library.
pub const FLAGS_X86_64: i32 = 0x0303;
/// Flags of an entry for a 32-bit x86 library of the GNU C library.
pub const FLAGS_I386: i32 = 0x0003;
/// Flags of an entry for an aarch64 library of the GNU C library.
pub const FLAGS_AARCH64: i32 = 0x0a03;

/// Bit of [`Entry::hwcap`] that says: the low 32 bits are an index into [`LdCache::hwcaps`].
pub const HWCAP_EXTENSION: u64 = 1 << 62;

/// A parsed cache, borrowing its strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LdCache<'a> {
    /// Entries in the order of the file.
    pub entries: Vec<Entry<'a>>,
    /// Names of `glibc-hwcaps` subdirectories (`x86-64-v3`), by index.
    pub hwcaps: Vec<&'a [u8]>,
    /// What wrote the cache, for example `ldconfig (GNU libc) stable release version 2.36`.
    pub generator: Option<&'a [u8]>,
}

/// One library of the cache.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry<'a> {
    /// `DT_SONAME`, or the name of a development link (`libc.so`).
    pub soname: &'a [u8],
    /// Absolute path.
    pub path: &'a [u8],
    /// Kind of library: C library in the low byte, machine above it.
    pub flags: i32,
    /// Lowest kernel version wanted (unused by current glibc, kept).
    pub os_version: u32,
    /// Hardware capabilities: 0 for an ordinary entry; see [`HWCAP_EXTENSION`].
    pub hwcap: u64,
}

/// A library to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// `DT_SONAME`.
    pub soname: String,
    /// Absolute path, in the spelling of its directory that the cache already uses.
    pub path: String,
    /// For example [`FLAGS_X86_64`].
    pub flags: i32,
}

/// Why a cache cannot be taken over: the directories must be scanned anew.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rescan {
    /// Only the table of 1996 is there (glibc before 2.2, or `ldconfig -c old`).
    OldFormat,
    /// The file ends inside a structure or string.
    Truncated,
    /// Neither magic is there: not a cache, or one of a future glibc.
    UnknownMagic,
    /// Written for a machine of the other byte order.
    ForeignByteOrder,
    /// An extension that this reader does not know.
    UnknownExtension(u32),
    /// Contradicts itself; the text says where.
    Malformed(&'static str),
}

impl fmt::Display for Rescan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OldFormat => f.write_str("library cache has only the old format"),
            Self::Truncated => f.write_str("library cache is truncated"),
            Self::UnknownMagic => f.write_str("library cache has an unknown magic"),
            Self::ForeignByteOrder => f.write_str("library cache has a foreign byte order"),
            Self::UnknownExtension(tag) => write!(f, "library cache has an unknown extension {tag}"),
            Self::Malformed(what) => write!(f, "library cache is malformed: {what}"),
        }
    }
}

impl std::error::Error for Rescan {}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { soname, path, flags, os_version, hwcap } = self;
        let (soname, path) = (String::from_utf8_lossy(soname), String::from_utf8_lossy(path));
        write!(f, "{soname} => {path} (flags {flags:#x}, os {os_version}, hwcap {hwcap:#x})")
    }
}

impl<'a> Entry<'a> {
    /// The directory of the path, without a final slash; empty for a file in `/`.
    #[must_use]
    pub fn directory(&self) -> &'a [u8] {
        directory(self.path)
    }
}

impl<'a> LdCache<'a> {
    /// Reads a cache in the new format, or in the combined one that has the old table in front.
    ///
    /// # Errors
    /// A [`Rescan`] when the cache cannot be taken over faithfully.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Rescan> {
        read::parse(bytes)
    }

    /// The cache as a file, always in the new format (read by glibc since 2.2).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        write::to_bytes(self)
    }

    /// This cache with `additions` found before every other library of the same name, as if their
    /// directories came first in `ld.so.conf`.
    #[must_use]
    pub fn merge<'b>(&self, additions: &'b [NewEntry]) -> LdCache<'b>
    where
        'a: 'b,
    {
        merge::merge(self, additions, &[])
    }

    /// This cache with `additions`, placed among libraries of the same name as the search order of
    /// the directories says. A directory of an addition that is not listed comes first; one of a
    /// present entry, last. An addition that is already there is not added again.
    #[must_use]
    pub fn merge_in_order<'b>(&self, additions: &'b [NewEntry], directories: &[&str]) -> LdCache<'b>
    where
        'a: 'b,
    {
        merge::merge(self, additions, directories)
    }

    /// The directories that entries lie in, each once, in order of first appearance.
    #[must_use]
    pub fn directories(&self) -> Vec<&'a [u8]> {
        let mut seen = std::collections::HashSet::new();
        self.entries.iter().map(Entry::directory).filter(|directory| seen.insert(*directory)).collect()
    }
}

fn directory(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    path.get(..end).unwrap_or_default()
}
