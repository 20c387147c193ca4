//! The list of packages of distributions with RPM: rows of its SQLite database (rpm 4.16 and later), read
//! without executing anything. Formats: "Database File Format" of SQLite, and "Package format" of RPM.

use super::packages::Package;
use super::{Reason, look};
use host::{File, Host};

/// Fedora and what comes after it; then older places.
const DATABASES: &[&str] = &["/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite"];
/// Forms of older releases.
const OTHERS: &[&str] =
    &["/var/lib/rpm/Packages", "/usr/lib/sysimage/rpm/Packages.db", "/var/lib/rpm/Packages.db"];
/// Levels of a tree, pages of a table, pages of one row: far more than any list of packages has.
const DEEPEST: usize = 12;
const WIDEST: usize = 4096;
/// Tags of a package's header (rpm, `include/rpm/rpmtag.h`).
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;

/// The packages of these names; `None`: this is no machine with RPM.
pub(super) fn read(host: &Host, names: &[&str]) -> Result<Option<Vec<Package>>, Reason> {
    for path in DATABASES {
        if let Some(file) = host.open(path).map_err(|failure| look::reason(path, &failure))? {
            let read = Database::open(file).and_then(|database| database.packages(names));
            return read.map(Some).ok_or_else(|| Reason::malformed(*path, "it is no database of RPM"));
        }
    }
    for path in OTHERS {
        if look::exists(host, path)? {
            return Err(Reason::not_asked(format!("{path} has a form that is not read here")));
        }
    }
    Ok(None)
}

/// A database of SQLite that is open. Every look gives `None` for what is not as it should be.
struct Database {
    file: File,
    page_size: usize,
    /// What of a page is used.
    usable: usize,
}

/// One row: its number and its columns.
struct Row {
    id: i64,
    columns: Vec<Column>,
}

enum Column {
    Number(i64),
    Bytes(Vec<u8>),
    Other,
}

impl Database {
    fn open(file: File) -> Option<Self> {
        let head = file.read_at(0, 100).ok()?;
        if !head.starts_with(b"SQLite format 3\0") {
            return None;
        }
        let page_size = match usize::from(u16::from_be_bytes([*head.get(16)?, *head.get(17)?])) {
            1 => 65536,
            size => size,
        };
        let usable = page_size.checked_sub(usize::from(*head.get(20)?))?;
        (usable >= 480).then_some(Self { file, page_size, usable })
    }

    fn packages(&self, names: &[&str]) -> Option<Vec<Package>> {
        let (by_name, packages) = (self.table("Name")?, self.table("Packages")?);
        let mut found = Vec::new();
        for row in self.rows(by_name)? {
            let [Column::Bytes(name), Column::Number(number), ..] = row.columns.as_slice() else { continue };
            let Some(name) = names.iter().find(|wanted| wanted.as_bytes() == name.as_slice()) else {
                continue;
            };
            let row = self.row(packages, *number)?;
            if let Some(Column::Bytes(header)) = row.columns.get(1) {
                found.push(Package { name: (*name).to_owned(), version: version(header)? });
            }
        }
        Some(found)
    }

    /// The root page of a table.
    fn table(&self, name: &str) -> Option<u32> {
        self.rows(1)?.into_iter().find_map(|row| match row.columns.as_slice() {
            [Column::Bytes(kind), Column::Bytes(own), _, Column::Number(page), ..]
                if kind == b"table" && own == name.as_bytes() =>
            {
                u32::try_from(*page).ok()
            }
            _ => None,
        })
    }

    /// All rows of a table.
    fn rows(&self, root: u32) -> Option<Vec<Row>> {
        let (mut rows, mut pages) = (Vec::new(), vec![root]);
        let mut seen = 0;
        while let Some(number) = pages.pop() {
            seen += 1;
            let page = Page::read(self, number).filter(|_| seen <= WIDEST)?;
            match page.is_leaf()? {
                true => rows.extend(page.cells().filter_map(|at| self.leaf_row(&page, at))),
                false => pages.extend(page.children()),
            }
        }
        Some(rows)
    }

    /// One row, by its number.
    fn row(&self, root: u32, id: i64) -> Option<Row> {
        let mut number = root;
        for _ in 0..DEEPEST {
            let page = Page::read(self, number)?;
            if page.is_leaf()? {
                let mut rows = page.cells().filter_map(|at| self.leaf_row(&page, at));
                return rows.find(|row| row.id == id);
            }
            number = page.child_of(id)?;
        }
        None
    }

    fn leaf_row(&self, page: &Page, at: usize) -> Option<Row> {
        let (length, at) = varint(&page.bytes, at)?;
        let (id, at) = varint(&page.bytes, at)?;
        let payload = self.payload(&page.bytes, at, usize::try_from(length).ok()?)?;
        Some(Row { id, columns: columns(&payload)? })
    }

    /// The bytes of a row: a part in its page, the rest in a chain of others.
    fn payload(&self, page: &[u8], at: usize, length: usize) -> Option<Vec<u8>> {
        let most = self.usable - 35;
        let least = (self.usable - 12) * 32 / 255 - 23;
        let here = match length {
            length if length <= most => length,
            length => Some(least + (length - least) % (self.usable - 4))
                .filter(|part| *part <= most)
                .unwrap_or(least),
        };
        let mut payload = page.get(at..at.checked_add(here)?)?.to_vec();
        let mut next = if here < length { number(page, at + here)? } else { 0 };
        for _ in 0..WIDEST {
            if payload.len() >= length || next == 0 {
                break;
            }
            let page = self.page(next)?;
            next = number(&page, 0)?;
            payload.extend_from_slice(page.get(4..self.usable)?);
        }
        payload.truncate(length);
        (payload.len() == length).then_some(payload)
    }

    fn page(&self, number: u32) -> Option<Vec<u8>> {
        let offset = u64::from(number.checked_sub(1)?) * self.page_size as u64;
        let bytes = self.file.read_at(offset, self.page_size).ok()?;
        (bytes.len() == self.page_size).then_some(bytes)
    }
}

/// A page of a table's tree.
struct Page {
    bytes: Vec<u8>,
    /// Where its header begins: after that of the file in the first page.
    start: usize,
}

impl Page {
    fn read(database: &Database, number: u32) -> Option<Self> {
        let start = if number == 1 { 100 } else { 0 };
        Some(Self { bytes: database.page(number)?, start })
    }

    fn is_leaf(&self) -> Option<bool> {
        match self.bytes.get(self.start)? {
            0x0d => Some(true),
            0x05 => Some(false),
            _ => None,
        }
    }

    /// Where its cells begin.
    fn cells(&self) -> impl Iterator<Item = usize> {
        let header = if self.is_leaf() == Some(true) { 8 } else { 12 };
        let count = short(&self.bytes, self.start + 3).unwrap_or(0);
        (0..count).filter_map(move |index| short(&self.bytes, self.start + header + 2 * index))
    }

    fn children(&self) -> Vec<u32> {
        let last = number(&self.bytes, self.start + 8);
        self.cells().filter_map(|at| number(&self.bytes, at)).chain(last).collect()
    }

    fn child_of(&self, id: i64) -> Option<u32> {
        let holds = |at: &usize| varint(&self.bytes, at + 4).is_some_and(|(key, _)| id <= key);
        match self.cells().find(holds) {
            Some(at) => number(&self.bytes, at),
            None => number(&self.bytes, self.start + 8),
        }
    }
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?)))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// A number of one to nine bytes, and what comes after it.
fn varint(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let mut value: u64 = 0;
    for index in 0..9 {
        let byte = *bytes.get(at.checked_add(index)?)?;
        if index == 8 {
            value = (value << 8) | u64::from(byte);
        } else {
            value = (value << 7) | u64::from(byte & 0x7f);
        }
        if index == 8 || byte & 0x80 == 0 {
            return Some((value.cast_signed(), at + index + 1));
        }
    }
    None
}

/// The columns of a row: their kinds first, then their bytes.
fn columns(payload: &[u8]) -> Option<Vec<Column>> {
    let (header, mut kind_at) = varint(payload, 0)?;
    let mut at = usize::try_from(header).ok()?;
    let end = at;
    let mut columns = Vec::new();
    while kind_at < end {
        let (kind, after) = varint(payload, kind_at)?;
        kind_at = after;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            _ => usize::try_from(kind.checked_sub(12)? / 2).ok()?,
        };
        let bytes = payload.get(at..at.checked_add(length)?)?;
        at += length;
        columns.push(match kind {
            8 | 9 => Column::Number(kind - 8),
            1..=6 => Column::Number(bytes.iter().fold(0, |value, byte| (value << 8) | i64::from(*byte))),
            12.. => Column::Bytes(bytes.to_vec()),
            _ => Column::Other,
        });
    }
    Some(columns)
}

/// Version and release of a package's header: counts of entries and bytes, entries of tag, type, offset and
/// count, and then the values.
fn version(header: &[u8]) -> Option<String> {
    let entries = usize::try_from(number(header, 0)?).ok()?;
    let values = 8 + entries.checked_mul(16)?;
    let text = |wanted: u32| {
        let entry =
            (0..entries).map(|index| 8 + 16 * index).find(|at| number(header, *at) == Some(wanted))?;
        let offset = usize::try_from(number(header, entry + 8)?).ok()?;
        let bytes = header.get(values.checked_add(offset)?..)?;
        let end = bytes.iter().position(|byte| *byte == 0)?;
        Some(String::from_utf8_lossy(bytes.get(..end)?).into_owned())
    };
    Some(format!("{}-{}", text(VERSION)?, text(RELEASE)?))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]

    use super::*;
    use std::fs;

    /// Made by rpm 4.18 itself; the tables that are not read here were dropped.
    const DATABASE: &[u8] = include_bytes!("../../fixtures/rpm/rpmdb.sqlite");

    fn look(bytes: &[u8]) -> Result<Option<Vec<Package>>, Reason> {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("var/lib/rpm");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("rpmdb.sqlite"), bytes).unwrap();
        read(&Host::at(root.path()), &["nvidia-container-toolkit", "podman", "containerd.io", "runc"])
    }

    #[test]
    fn the_packages_that_matter_are_found() {
        let mut found = look(DATABASE).unwrap().unwrap();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        let shown: Vec<String> = found.iter().map(|one| format!("{} {}", one.name, one.version)).collect();
        assert_eq!(
            shown,
            ["containerd.io 1.7.27-3.1.el9", "nvidia-container-toolkit 1.17.4-1", "podman 5.6.0-1.fc42"]
        );
        assert_eq!(found[1].upstream(), "1.17.4");
    }

    /// Each byte of the trees' pages changed, and the file cut at each place: an answer or a reason.
    #[test]
    fn damage_is_no_panic() {
        for at in (0..DATABASE.len()).step_by(397) {
            let mut bytes = DATABASE.to_vec();
            bytes[at] ^= 0xff;
            let _answer = look(&bytes);
            if at % 3 == 0 {
                let _answer = look(&DATABASE[..at]);
            }
        }
        assert!(look(b"").is_err());
        let root = tempfile::tempdir().unwrap();
        assert_eq!(read(&Host::at(root.path()), &["runc"]), Ok(None));
    }
}
