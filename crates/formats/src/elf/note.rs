//! The note `.note.cuda.fwd_compatibility` of a CUDA compatibility `libcuda.so`.
//!
//! Its owner is `NVIDIA Corporation`, its description a JSON object with the CUDA version of the
//! library, the host driver branches (`Driver`) and the device generations (`Device`) that it was
//! released for. The name's padding follows the section's alignment in some files and 4 bytes in
//! others, so the description is looked for at each place where it can begin.

use super::{File, Source, not_elf};
use diag::{Failure, Result, ResultExt};
use elf::abi::SHT_NOTE;
use elf::endian::EndianParse;
use elf::section::{SectionHeader, SectionHeaderTable};
use serde::Deserialize;

const SECTION: &[u8] = b".note.cuda.fwd_compatibility";
const OWNER: &[u8] = b"NVIDIA Corporation";
const NOTE_HEADER: usize = 12;
const MOST_SECTION_HEADERS: usize = 1 << 20;
const MOST_SECTION_NAMES: usize = 1 << 20;
const MOST_NOTE: usize = 1 << 16;

/// What a compatibility library says about itself. Fields that it leaves out are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ForwardCompatibility {
    /// Version of this description.
    #[serde(rename = "Format")]
    pub format: u32,
    /// CUDA version of the library, for example `13.1`.
    #[serde(rename = "CUDA Version")]
    pub cuda_version: String,
    /// Host driver branches that it runs on: `[535, 550, 580]`.
    #[serde(rename = "Driver")]
    pub driver_branches: Vec<u32>,
    /// Device generations that it knows.
    #[serde(rename = "Device")]
    pub devices: Vec<u32>,
}

/// Reads the note of the library in `bytes`; `None` when it has none.
///
/// # Errors
/// When the bytes are no ELF file, or the note's description is no such object.
pub fn fwd_compat_note(mut bytes: &[u8]) -> Result<Option<ForwardCompatibility>> {
    fwd_compat_note_source(&mut bytes)
}

/// Reads the note of the library behind `source`, touching only the ranges needed; `None` when it
/// has none.
///
/// # Errors
/// When the file cannot be read, is no ELF file, or the note's description is no such object.
pub fn fwd_compat_note_source(source: &mut impl Source) -> Result<Option<ForwardCompatibility>> {
    let mut file = File::open(source)?;
    let Some(section) = note_section(&mut file)? else { return Ok(None) };
    let size = usize::try_from(section.sh_size).unwrap_or(usize::MAX).min(MOST_NOTE);
    let data = file.source.read_at(section.sh_offset, size)?;
    let word = |mut at| file.header.endianness.parse_u32_at(&mut at, &data).map_err(|error| not_elf(&error));
    let (name_size, description_size) = (word(0)?, word(4)?);
    let note = Note { data: &data, name_size: to_usize(name_size), size: to_usize(description_size) };
    if note.name() != OWNER || note.size == 0 {
        return Ok(None);
    }
    note.description(usize::try_from(section.sh_addralign).unwrap_or(4))
}

struct Note<'d> {
    data: &'d [u8],
    name_size: usize,
    size: usize,
}

impl Note<'_> {
    fn name(&self) -> &[u8] {
        trim(slice(self.data, NOTE_HEADER, self.name_size))
    }

    fn description(&self, alignment: usize) -> Result<Option<ForwardCompatibility>> {
        let starts = [align(self.name_size, alignment), align(self.name_size, 4)];
        let texts =
            starts.map(|padded| trim(slice(self.data, padded.saturating_add(NOTE_HEADER), self.size)));
        let Some(text) = texts.into_iter().find(|text| text.first() == Some(&b'{')) else {
            return Err(Failure::new("the note .note.cuda.fwd_compatibility holds no JSON object"));
        };
        serde_json::from_slice(text).context("cannot parse the note .note.cuda.fwd_compatibility").map(Some)
    }
}

fn note_section<S: Source>(file: &mut File<'_, S>) -> Result<Option<SectionHeader>> {
    let (header, size) =
        (file.header, usize::from(file.header.e_shnum) * usize::from(file.header.e_shentsize));
    let bytes = file.source.read_at(header.e_shoff, size.min(MOST_SECTION_HEADERS))?;
    let table = SectionHeaderTable::new(header.endianness, header.class, &bytes);
    let Ok(names) = table.get(usize::from(header.e_shstrndx)) else { return Ok(None) };
    let size = usize::try_from(names.sh_size).unwrap_or(usize::MAX).min(MOST_SECTION_NAMES);
    let names = file.source.read_at(names.sh_offset, size)?;
    let is_named = |section: &SectionHeader| {
        let rest = names.get(to_usize(section.sh_name)..).unwrap_or_default();
        rest.strip_prefix(SECTION).is_some_and(|rest| rest.first() == Some(&0))
    };
    let found = table.iter().find(|section| section.sh_type == SHT_NOTE && is_named(section));
    Ok(found)
}

fn slice(data: &[u8], start: usize, length: usize) -> &[u8] {
    let rest = data.get(start..).unwrap_or_default();
    rest.get(..length).unwrap_or(rest)
}

fn trim(mut bytes: &[u8]) -> &[u8] {
    while let Some(rest) = bytes.strip_suffix(b"\0") {
        bytes = rest;
    }
    while let Some(rest) = bytes.strip_prefix(b"\0") {
        bytes = rest;
    }
    bytes
}

fn align(size: usize, alignment: usize) -> usize {
    size.checked_next_multiple_of(alignment.max(1)).unwrap_or(size)
}

fn to_usize(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
