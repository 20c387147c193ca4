//! Looking for libraries in a directory of the container, as `ldconfig` does.

use super::budget::Search;
use diag::Result;
use formats::elf::{ElfFacts, Source, inspect_source};
use rootfs::{ContainerRoot, Kind, RegularFile};

/// More libraries than a directory of a sound image has.
const LIBRARIES_LIMIT: usize = 20_000;

/// A library in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// File name.
    pub(crate) file: String,
    /// Whether the name is a link.
    pub(crate) is_link: bool,
    /// `DT_SONAME`.
    pub(crate) soname: Option<String>,
    /// 32 or 64.
    pub(crate) bits: u8,
    /// `e_machine`.
    pub(crate) machine: u16,
}

/// The libraries of a directory: names such as `libX.so.1` and `ld-linux.so.2`, links included. Of
/// several files with one SONAME the link with that name says which one counts, so a file behind a
/// present SONAME link is not listed twice.
pub(super) fn libraries(root: &ContainerRoot, folder: &str, budget: &mut Search) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    if !budget.goes_on() || root.stat(folder)?.is_none_or(|stat| stat.kind != Kind::Directory) {
        return Ok(found);
    }
    let entries = root.list(folder)?.unwrap_or_default();
    if !budget.names.take(entries.len()) {
        return Ok(found);
    }
    let named = entries.iter().filter(|entry| entry.name.to_str().is_some_and(is_library_name));
    for entry in named.take(LIBRARIES_LIMIT) {
        let Some(file) = entry.name.to_str() else { continue };
        if !budget.goes_on() || !budget.files.take(1) {
            break;
        }
        if let Some(ElfFacts { soname, bits, machine, .. }) = inspect(root, &format!("{folder}/{file}"))? {
            let is_link = entry.kind == Kind::Symlink;
            found.push(Found { file: file.to_owned(), is_link, soname, bits, machine });
        }
    }
    // The highest version first: it gets the SONAME link where there is none yet.
    found.sort_by(|left, right| {
        formats::ldcache::order::compare_names(right.file.as_bytes(), left.file.as_bytes())
    });
    Ok(found)
}

/// The facts of an ELF file; `None` for what is no ELF file, no file at all or leads astray.
pub(crate) fn inspect(root: &ContainerRoot, path: &str) -> Result<Option<ElfFacts>> {
    let is_file = root.stat(path).ok().flatten().is_some_and(|stat| stat.kind == Kind::File);
    if !is_file {
        return Ok(None);
    }
    let file = root.open_file(path)?;
    Ok(file.and_then(|file| inspect_source(&mut InContainer(&file)).ok()))
}

/// A file of the container as a source of bytes for the ELF reader.
#[derive(Debug)]
pub(crate) struct InContainer<'f>(pub(crate) &'f RegularFile);

impl Source for InContainer<'_> {
    fn read_at(&mut self, offset: u64, length: usize) -> Result<Vec<u8>> {
        // Lengths come from the file itself: no more is asked for than the file has.
        let rest = self.0.stat().size.saturating_sub(offset);
        self.0.read_at(offset, length.min(usize::try_from(rest).unwrap_or(usize::MAX)))
    }
}

fn is_library_name(name: &str) -> bool {
    (name.starts_with("lib") || name.starts_with("ld-")) && name.contains(".so")
}
