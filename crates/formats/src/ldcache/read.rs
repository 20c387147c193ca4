//! The reader. Offsets of the entries count from the new header; the extension block and its
//! sections count from the start of the file, which matters when the old table is in front.

use super::{Entry, HWCAP_EXTENSION, LdCache, Rescan};

pub(super) const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
pub(super) const HEADER: usize = 48;
pub(super) const ENTRY: usize = 24;
pub(super) const EXTENSION_MAGIC: u32 = 0xEAA4_2174;
pub(super) const TAG_GENERATOR: u32 = 0;
pub(super) const TAG_HWCAPS: u32 = 1;
const OLD_MAGIC: &[u8] = b"ld.so-1.7.0";
const OLD_HEADER: usize = 16;
const OLD_ENTRY: usize = 12;
const SECTION: usize = 16;
/// `PATH_MAX` of Linux: no name in a cache is longer.
const LONGEST_STRING: usize = 4096;
/// Entries may share strings; without a bound a small hostile file could stand for gigabytes.
const ALL_STRINGS: usize = 16 << 20;

pub(super) fn parse(file: &[u8]) -> Result<LdCache<'_>, Rescan> {
    let table = Table { file, cache: file.get(new_table_at(file)?..).ok_or(Rescan::Truncated)? };
    check_byte_order(*table.cache.get(28).ok_or(Rescan::Truncated)?)?;
    let (hwcaps, generator) = table.extensions()?;
    let entries = table.entries()?;
    if entries.iter().any(|entry| names_missing_subdirectory(entry, hwcaps.len())) {
        return Err(Rescan::Malformed("an entry names a hardware subdirectory that is not there"));
    }
    Ok(LdCache { entries, hwcaps, generator })
}

fn names_missing_subdirectory(entry: &Entry<'_>, count: usize) -> bool {
    let index = usize::try_from(entry.hwcap & 0xffff_ffff).unwrap_or(usize::MAX);
    entry.hwcap & HWCAP_EXTENSION != 0 && index >= count
}

fn new_table_at(file: &[u8]) -> Result<usize, Rescan> {
    if file.starts_with(MAGIC) {
        return Ok(0);
    }
    if !file.starts_with(OLD_MAGIC) {
        let shortened = MAGIC.starts_with(file) || OLD_MAGIC.starts_with(file);
        return Err(if shortened { Rescan::Truncated } else { Rescan::UnknownMagic });
    }
    let count = to_usize(word(file, 12)?);
    let end = count
        .checked_mul(OLD_ENTRY)
        .and_then(|size| size.checked_add(OLD_HEADER))
        .ok_or(Rescan::Truncated)?;
    // The new header is aligned as its 64-bit member is: to 8 bytes, on 32-bit x86 to 4.
    let places = [end.checked_next_multiple_of(8), end.checked_next_multiple_of(4)];
    let found =
        places.into_iter().flatten().find(|at| file.get(*at..).is_some_and(|rest| rest.starts_with(MAGIC)));
    found.ok_or(Rescan::OldFormat)
}

/// glibc since 2.32 notes the byte order; 0 is a cache of an older one.
fn check_byte_order(flags: u8) -> Result<(), Rescan> {
    match flags & 3 {
        0 | 2 => Ok(()),
        3 => Err(Rescan::ForeignByteOrder),
        _ => Err(Rescan::Malformed("the byte order is marked as invalid")),
    }
}

type Extensions<'a> = (Vec<&'a [u8]>, Option<&'a [u8]>);

struct Table<'a> {
    /// The whole file: extensions count from here.
    file: &'a [u8],
    /// From the new header on: strings count from here.
    cache: &'a [u8],
}

impl<'a> Table<'a> {
    fn entries(&self) -> Result<Vec<Entry<'a>>, Rescan> {
        let count = to_usize(word(self.cache, 20)?);
        let size = count.checked_mul(ENTRY).ok_or(Rescan::Truncated)?;
        let table = self.cache.get(HEADER..).and_then(|rest| rest.get(..size)).ok_or(Rescan::Truncated)?;
        let mut budget = ALL_STRINGS;
        table.chunks_exact(ENTRY).map(|raw| self.entry(raw, &mut budget)).collect()
    }

    fn entry(&self, raw: &[u8], budget: &mut usize) -> Result<Entry<'a>, Rescan> {
        let soname = self.string(word(raw, 4)?)?;
        let path = self.string(word(raw, 8)?)?;
        let spent = soname.len() + path.len();
        *budget = budget.checked_sub(spent).ok_or(Rescan::Malformed("the names are too long in sum"))?;
        let hwcap = u64::from(word(raw, 16)?) | u64::from(word(raw, 20)?) << 32;
        let flags = i32::from_le_bytes(word(raw, 0)?.to_le_bytes());
        Ok(Entry { soname, path, flags, os_version: word(raw, 12)?, hwcap })
    }

    fn string(&self, offset: u32) -> Result<&'a [u8], Rescan> {
        let rest = self.cache.get(to_usize(offset)..).ok_or(Rescan::Truncated)?;
        let window = rest.get(..LONGEST_STRING).unwrap_or(rest);
        match window.iter().position(|byte| *byte == 0) {
            Some(end) => Ok(window.get(..end).unwrap_or_default()),
            None if window.len() == LONGEST_STRING => Err(Rescan::Malformed("a name is too long")),
            None => Err(Rescan::Truncated),
        }
    }

    fn extensions(&self) -> Result<Extensions<'a>, Rescan> {
        let offset = to_usize(word(self.cache, 32)?);
        if offset == 0 {
            return Ok((Vec::new(), None));
        }
        let block = self.file.get(offset..).ok_or(Rescan::Truncated)?;
        if word(block, 0)? != EXTENSION_MAGIC {
            return Err(Rescan::Malformed("the extension block has no magic"));
        }
        let size = to_usize(word(block, 4)?).checked_mul(SECTION).ok_or(Rescan::Truncated)?;
        let sections = block.get(8..).and_then(|rest| rest.get(..size)).ok_or(Rescan::Truncated)?;
        let mut found = (Vec::new(), None);
        for section in sections.chunks_exact(SECTION) {
            self.extension(section, &mut found)?;
        }
        Ok(found)
    }

    fn extension(&self, section: &[u8], found: &mut Extensions<'a>) -> Result<(), Rescan> {
        let (start, size) = (to_usize(word(section, 8)?), to_usize(word(section, 12)?));
        let data = self.file.get(start..).and_then(|rest| rest.get(..size)).ok_or(Rescan::Truncated)?;
        match word(section, 0)? {
            TAG_GENERATOR if found.1.is_none() => found.1 = Some(data),
            TAG_HWCAPS if found.0.is_empty() => found.0 = self.hwcaps(data)?,
            TAG_GENERATOR | TAG_HWCAPS => return Err(Rescan::Malformed("an extension is there twice")),
            tag => return Err(Rescan::UnknownExtension(tag)),
        }
        Ok(())
    }

    fn hwcaps(&self, data: &[u8]) -> Result<Vec<&'a [u8]>, Rescan> {
        let mut budget = ALL_STRINGS;
        let name = |raw: &[u8]| {
            let name = self.string(word(raw, 0)?)?;
            budget =
                budget.checked_sub(name.len()).ok_or(Rescan::Malformed("the names are too long in sum"))?;
            Ok(name)
        };
        data.chunks_exact(4).map(name).collect()
    }
}

fn word(bytes: &[u8], at: usize) -> Result<u32, Rescan> {
    let word = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or(Rescan::Truncated)?;
    Ok(u32::from_le_bytes(*word))
}

fn to_usize(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
