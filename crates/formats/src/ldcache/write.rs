//! The writer: header, entries, strings, extension block; everything little-endian.

use super::read::{ENTRY, EXTENSION_MAGIC, HEADER, MAGIC, TAG_GENERATOR, TAG_HWCAPS};
use super::{Entry, LdCache};
use std::collections::HashMap;

const LITTLE_ENDIAN: u32 = 2;

pub(super) fn to_bytes(cache: &LdCache<'_>) -> Vec<u8> {
    let mut strings = Strings::after(HEADER + cache.entries.len() * ENTRY);
    let entries: Vec<u8> = cache.entries.iter().flat_map(|entry| entry_bytes(entry, &mut strings)).collect();
    let hwcaps: Vec<u8> = cache.hwcaps.iter().flat_map(|name| strings.place(name).to_le_bytes()).collect();
    let extension = extension(cache, &hwcaps, strings.end().next_multiple_of(4));
    let mut file = header(cache, &strings, !extension.is_empty());
    file.extend(entries);
    file.extend(&strings.bytes);
    if !extension.is_empty() {
        file.resize(file.len().next_multiple_of(4), 0);
        file.extend(extension);
    }
    file
}

fn header(cache: &LdCache<'_>, strings: &Strings<'_>, extended: bool) -> Vec<u8> {
    let extension_at = if extended { strings.end().next_multiple_of(4) } else { 0 };
    let mut file = MAGIC.to_vec();
    for value in [cache.entries.len(), strings.bytes.len()] {
        file.extend(to_u32(value).to_le_bytes());
    }
    file.extend(LITTLE_ENDIAN.to_le_bytes());
    file.extend(to_u32(extension_at).to_le_bytes());
    file.resize(HEADER, 0);
    file
}

fn entry_bytes<'a>(entry: &Entry<'a>, strings: &mut Strings<'a>) -> [u8; ENTRY] {
    let (soname, path) = strings.place_entry(entry);
    let mut raw = [0; ENTRY];
    let fields =
        [entry.flags.to_le_bytes(), soname.to_le_bytes(), path.to_le_bytes(), entry.os_version.to_le_bytes()];
    for (place, field) in raw.chunks_exact_mut(4).zip(fields) {
        place.copy_from_slice(&field);
    }
    if let Some(place) = raw.last_chunk_mut::<8>() {
        *place = entry.hwcap.to_le_bytes();
    }
    raw
}

/// The extension block as it stands at offset `start`; empty when there is nothing to say.
fn extension(cache: &LdCache<'_>, hwcaps: &[u8], start: usize) -> Vec<u8> {
    let mut sections: Vec<(u32, &[u8])> = Vec::new();
    if !hwcaps.is_empty() {
        sections.push((TAG_HWCAPS, hwcaps));
    }
    if let Some(generator) = cache.generator {
        sections.push((TAG_GENERATOR, generator));
    }
    if sections.is_empty() {
        return Vec::new();
    }
    let mut data_at = start + 8 + sections.len() * 16;
    let mut block: Vec<u8> =
        [EXTENSION_MAGIC, to_u32(sections.len())].into_iter().flat_map(u32::to_le_bytes).collect();
    for (tag, data) in &sections {
        let record = [*tag, 0, to_u32(data_at), to_u32(data.len())];
        block.extend(record.into_iter().flat_map(u32::to_le_bytes));
        data_at += data.len();
    }
    block.extend(sections.iter().flat_map(|(_, data)| data.iter().copied()));
    block
}

/// The string table. A name that ends its path, as nearly every one does, shares the path's bytes.
struct Strings<'a> {
    start: usize,
    bytes: Vec<u8>,
    places: HashMap<&'a [u8], u32>,
}

impl<'a> Strings<'a> {
    fn after(start: usize) -> Self {
        Self { start, bytes: Vec::new(), places: HashMap::new() }
    }

    fn end(&self) -> usize {
        self.start + self.bytes.len()
    }

    /// Offsets of the name and the path.
    fn place_entry(&mut self, entry: &Entry<'a>) -> (u32, u32) {
        let path = self.append(entry.path);
        if entry.path.ends_with(entry.soname) {
            return (path + to_u32(entry.path.len() - entry.soname.len()), path);
        }
        (self.place(entry.soname), path)
    }

    fn place(&mut self, text: &'a [u8]) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.append(text);
        self.places.insert(text, place);
        place
    }

    fn append(&mut self, text: &[u8]) -> u32 {
        let place = to_u32(self.end());
        self.bytes.extend(text);
        self.bytes.push(0);
        place
    }
}

/// Offsets fit: a cache that was read is bounded, and additions are a few dozen names.
fn to_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
