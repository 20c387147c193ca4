//! Facts of a library read from its file, touching few of its bytes.

use crate::survey::Survey;
use diag::Result;
use formats::elf::{ElfFacts, Source, inspect_source};
use host::File;

/// How much is read at once. The first read holds the headers, the second usually the dynamic
/// section and one more all names.
const WINDOW: u64 = 4096;

/// The facts of the library at `path` below the driver root.
///
/// # Errors
/// When it cannot be read or is no ELF file.
pub(crate) fn facts(survey: &Survey<'_>, path: &str) -> Result<ElfFacts> {
    let missing = || diag::Failure::new(format!("{path} does not exist"));
    let file = survey.root.open(path)?.ok_or_else(missing)?;
    inspect_source(&mut Windows { file, seen: Vec::new() })
}

/// A file whose windows are read once.
struct Windows {
    file: File,
    seen: Vec<(u64, Vec<u8>)>,
}

impl Source for Windows {
    fn read_at(&mut self, offset: u64, length: usize) -> Result<Vec<u8>> {
        let within = |(start, bytes): &(u64, Vec<u8>)| {
            let from = usize::try_from(offset.checked_sub(*start)?).ok()?;
            bytes.get(from..from.checked_add(length)?).map(<[u8]>::to_vec)
        };
        if let Some(known) = self.seen.iter().find_map(within) {
            return Ok(known);
        }
        if length as u64 > WINDOW {
            return self.file.read_at(offset, length);
        }
        let start = offset - offset % WINDOW;
        let bytes = self.file.read_at(start, 2 * WINDOW as usize)?;
        let from = usize::try_from(offset - start).unwrap_or(usize::MAX).min(bytes.len());
        let to = from.saturating_add(length).min(bytes.len());
        let answer = bytes.get(from..to).unwrap_or_default().to_vec();
        self.seen.push((start, bytes));
        Ok(answer)
    }
}
