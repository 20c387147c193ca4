//! What the toolkit asks of ELF files: SONAME, class, machine, and the note in which a CUDA
//! compatibility library says on which drivers it may be used.
//!
//! A driver library can be 100 MB long, so a file is read through a [`Source`]: only its headers,
//! its dynamic section and the names asked for are touched. Section headers are not needed for
//! [`inspect`]; a stripped library works.

mod note;
#[cfg(test)]
mod tests;

pub use note::{ForwardCompatibility, fwd_compat_note, fwd_compat_note_source};

use diag::{Failure, Result, ResultExt};
use elf::ParseError;
use elf::abi::{DT_NULL, DT_SONAME, DT_STRSZ, DT_STRTAB, EI_NIDENT, PT_DYNAMIC, PT_LOAD};
use elf::dynamic::{Dyn, DynamicTable};
use elf::endian::AnyEndian;
use elf::file::{Class, FileHeader, parse_ident};
use elf::segment::{ProgramHeader, SegmentTable};

/// Bytes of a file that are asked for by range.
pub trait Source {
    /// Up to `length` bytes from `offset` on; fewer, or none, past the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn read_at(&mut self, offset: u64, length: usize) -> Result<Vec<u8>>;
}

impl Source for &[u8] {
    fn read_at(&mut self, offset: u64, length: usize) -> Result<Vec<u8>> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let end = start.saturating_add(length).min(self.len());
        Ok(self.get(start..end).unwrap_or_default().to_vec())
    }
}

/// Facts about one ELF file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ElfFacts {
    /// `DT_SONAME`; `None` for a program, or a library without one.
    pub soname: Option<String>,
    /// 32 or 64.
    pub bits: u8,
    /// `e_machine`: 62 is x86-64, 183 aarch64, 3 32-bit x86.
    pub machine: u16,
}

/// Size of the largest ELF header, that of a 64-bit file.
const FILE_HEADER: usize = 64;
/// Bounds for what a hostile header may make us read.
const MOST_PROGRAM_HEADERS: usize = 1 << 16;
const MOST_DYNAMIC: usize = 1 << 16;
/// `NAME_MAX` of Linux, with its terminating zero byte.
const LONGEST_NAME: usize = 256;

/// Reads the facts of the ELF file in `bytes`.
///
/// # Errors
/// When the bytes are no ELF file, or one that contradicts itself.
pub fn inspect(mut bytes: &[u8]) -> Result<ElfFacts> {
    inspect_source(&mut bytes)
}

/// Reads the facts of the ELF file behind `source`, touching only the ranges needed.
///
/// # Errors
/// When the file cannot be read, is no ELF file, or contradicts itself.
pub fn inspect_source(source: &mut impl Source) -> Result<ElfFacts> {
    let mut file = File::open(source)?;
    let bits = if file.header.class == Class::ELF64 { 64 } else { 32 };
    let mut facts = ElfFacts { bits, machine: file.header.e_machine, ..ElfFacts::default() };
    let segments = file.segments()?;
    let dynamic = file.dynamic(&segments)?;
    let Some(names) = Names::locate(&dynamic, &segments) else { return Ok(facts) };
    if let Some(entry) = dynamic.iter().find(|entry| entry.d_tag == DT_SONAME) {
        facts.soname = Some(names.read(file.source, entry.d_val())?);
    }
    Ok(facts)
}

pub(crate) struct File<'s, S> {
    source: &'s mut S,
    header: FileHeader<AnyEndian>,
}

impl<'s, S: Source> File<'s, S> {
    fn open(source: &'s mut S) -> Result<Self> {
        let start = source.read_at(0, FILE_HEADER)?;
        let header = file_header(&start).map_err(|error| not_elf(&error))?;
        Ok(Self { source, header })
    }

    fn segments(&mut self) -> Result<Vec<ProgramHeader>> {
        let size = usize::from(self.header.e_phnum) * usize::from(self.header.e_phentsize);
        let bytes = self.source.read_at(self.header.e_phoff, size.min(MOST_PROGRAM_HEADERS))?;
        Ok(SegmentTable::new(self.header.endianness, self.header.class, &bytes).iter().collect())
    }

    fn dynamic(&mut self, segments: &[ProgramHeader]) -> Result<Vec<Dyn>> {
        let Some(segment) = segments.iter().find(|segment| segment.p_type == PT_DYNAMIC) else {
            return Ok(Vec::new());
        };
        let size = usize::try_from(segment.p_filesz).unwrap_or(usize::MAX).min(MOST_DYNAMIC);
        let bytes = self.source.read_at(segment.p_offset, size)?;
        let table = DynamicTable::new(self.header.endianness, self.header.class, &bytes);
        Ok(table.iter().take_while(|entry| entry.d_tag != DT_NULL).collect())
    }
}

fn file_header(start: &[u8]) -> std::result::Result<FileHeader<AnyEndian>, ParseError> {
    // `parse_ident` itself expects the whole identification to be there.
    let Some((ident, tail)) = start.split_at_checked(EI_NIDENT) else {
        return Err(ParseError::SliceReadError((0, EI_NIDENT)));
    };
    FileHeader::parse_tail(parse_ident(ident)?, tail)
}

fn not_elf(error: &ParseError) -> Failure {
    Failure::new(format!("not an ELF file: {error}"))
}

/// The string table of the dynamic section.
struct Names {
    offset: u64,
    size: u64,
}

impl Names {
    fn locate(dynamic: &[Dyn], segments: &[ProgramHeader]) -> Option<Self> {
        let value = |tag| dynamic.iter().find(|entry| entry.d_tag == tag).map(Dyn::d_val);
        let (address, size) = (value(DT_STRTAB)?, value(DT_STRSZ)?);
        Some(Self { offset: file_offset(segments, address)?, size })
    }

    fn read(&self, source: &mut impl Source, at: u64) -> Result<String> {
        let left =
            self.size.checked_sub(at).ok_or_else(|| Failure::new("a library name lies outside its table"))?;
        let offset = self
            .offset
            .checked_add(at)
            .ok_or_else(|| Failure::new("a library name lies outside the file"))?;
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(LONGEST_NAME);
        let window = source.read_at(offset, length)?;
        let end = window.iter().position(|byte| *byte == 0);
        let name =
            end.and_then(|end| window.get(..end)).ok_or_else(|| Failure::new("a library name has no end"))?;
        String::from_utf8(name.to_vec()).context("a library name is not UTF-8")
    }
}

/// Where in the file the byte lies that is loaded at `address`.
fn file_offset(segments: &[ProgramHeader], address: u64) -> Option<u64> {
    let holds = |segment: &&ProgramHeader| {
        let within = address.checked_sub(segment.p_vaddr).is_some_and(|offset| offset < segment.p_filesz);
        segment.p_type == PT_LOAD && within
    };
    let segment = segments.iter().find(holds)?;
    segment.p_offset.checked_add(address - segment.p_vaddr)
}
