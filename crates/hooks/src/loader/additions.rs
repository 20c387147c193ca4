//! Which entries the cache needs, from a list of libraries or from what lies in a directory.

use super::budget::Search;
use super::scan::{self, Found};
use super::search::SearchPath;
use crate::prepare_container::{Library, Link};
use diag::Result;
use formats::ldcache::{FLAGS_AARCH64, FLAGS_I386, FLAGS_X86_64, NewEntry};
use rootfs::ContainerRoot;
use std::collections::{HashMap, HashSet};

#[cfg(target_arch = "x86_64")]
const NATIVE: i32 = FLAGS_X86_64;
#[cfg(target_arch = "aarch64")]
const NATIVE: i32 = FLAGS_AARCH64;

/// Flags of an entry for a library of the ABI x32.
const FLAGS_X32: i32 = 0x0803;

/// Entries for libraries that are known by SONAME and path. A missing SONAME link is made, as
/// `ldconfig` would: without it the entry leads nowhere.
pub(crate) fn listed(
    root: &ContainerRoot,
    search: &SearchPath,
    libraries: &[Library],
    links: &[Link],
) -> Result<Vec<NewEntry>> {
    let made: HashSet<&str> = links.iter().map(|link| link.path.as_str()).collect();
    let mut spellings: HashMap<&str, String> = HashMap::new();
    let mut entries = Vec::new();
    for library in libraries {
        let (folder, file) = library.path.rsplit_once('/').unwrap_or(("", &library.path));
        let by_soname = format!("{folder}/{}", library.soname);
        if library.soname != file && !made.contains(by_soname.as_str()) {
            ensure_link(root, file, &by_soname)?;
        }
        let spelling = spellings.entry(folder).or_insert_with(|| search.spelling(root, folder));
        let flags = flags_of(root, folder, &library.path)?;
        let entry =
            |name: &str| NewEntry { soname: name.to_owned(), path: format!("{spelling}/{name}"), flags };
        entries.push(entry(&library.soname));
        entries.extend(development_link(library, folder, file, links).map(entry));
    }
    Ok(entries)
}

/// Entries for the libraries that lie in `folder`, which the cache calls `spelling`. Missing SONAME links are
/// made. Of files for several machines with one SONAME, that one counts to which the link leads.
pub(super) fn scanned(
    root: &ContainerRoot,
    folder: &str,
    spelling: &str,
    budget: &mut Search,
) -> Result<Vec<NewEntry>> {
    let mut entries: Vec<NewEntry> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for found in scan::libraries(root, folder, budget)? {
        let Some(flags) = found.flags() else { continue };
        let name = found.entry_name();
        let is_itself = name == found.file;
        if !is_itself {
            ensure_link(root, &found.file, &format!("{folder}/{name}"))?;
        }
        if let Some(entry) = places.get(name).and_then(|&place| entries.get_mut(place)) {
            entry.flags = if is_itself { flags } else { entry.flags };
            continue;
        }
        if !budget.bytes.take(spelling.len() + 2 * name.len()) {
            break;
        }
        places.insert(name.to_owned(), entries.len());
        entries.push(NewEntry { soname: name.to_owned(), path: format!("{spelling}/{name}"), flags });
    }
    Ok(entries)
}

/// The name of a link such as `libcuda.so` that was made for the library; it gets an entry of its own
/// if the SONAME begins with it.
fn development_link<'l>(library: &Library, folder: &str, file: &str, links: &'l [Link]) -> Option<&'l str> {
    links.iter().find_map(|link| {
        let (parent, name) = link.path.rsplit_once('/')?;
        let leads_here = link.target == library.soname || link.target == file;
        let counts = name.ends_with(".so") && name != library.soname && library.soname.starts_with(name);
        (parent == folder && leads_here && counts).then_some(name)
    })
}

fn ensure_link(root: &ContainerRoot, file: &str, path: &str) -> Result<()> {
    if root.lstat(path)?.is_none() {
        root.symlink(file, path)?;
    }
    Ok(())
}

/// Flags of a listed library. Directories whose name tells the class spare a look into the file.
fn flags_of(root: &ContainerRoot, folder: &str, path: &str) -> Result<i32> {
    if folder.contains("64") {
        return Ok(NATIVE);
    }
    let facts = scan::inspect(root, path)?;
    Ok(facts.and_then(|facts| flags(facts.bits, facts.machine)).unwrap_or(NATIVE))
}

/// Flags of a library by class and `e_machine`; `None` for machines whose loader flags are unknown.
fn flags(bits: u8, machine: u16) -> Option<i32> {
    match (bits, machine) {
        (64, 62) => Some(FLAGS_X86_64),
        (64, 183) => Some(FLAGS_AARCH64),
        (32, 3) => Some(FLAGS_I386),
        (32, 62) => Some(FLAGS_X32),
        _ => None,
    }
}

impl Found {
    /// The name by which the loader looks for it: a development link counts by its own name.
    pub(super) fn entry_name(&self) -> &str {
        let soname = self.soname.as_deref().unwrap_or(&self.file);
        let is_development_link =
            self.is_link && self.file.ends_with(".so") && soname.starts_with(&self.file);
        if is_development_link { &self.file } else { soname }
    }

    /// Flags of its entry; `None` for machines whose loader flags are unknown.
    pub(super) fn flags(&self) -> Option<i32> {
        flags(self.bits, self.machine)
    }
}
