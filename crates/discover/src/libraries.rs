//! The driver's shared libraries.

use crate::codes;
use crate::elf_file;
use crate::links;
use crate::places;
use crate::survey::{Listing, Survey, join};
use crate::versions;
use diag::{Finding, Severity};
use driver::{File, Library, families};
use formats::ldcache::LdCache;
use std::rc::Rc;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Version of the user space.
    pub(crate) version: Option<String>,
    /// Directories of 64-bit libraries of that version, inside the driver root.
    pub(crate) directories: Vec<String>,
    /// The libraries: those with the driver's version by directory and name, then VDPAU's, then those
    /// that count their versions themselves, then 32-bit ones.
    pub(crate) libraries: Vec<Library>,
    /// What is odd about them.
    pub(crate) findings: Vec<Finding>,
}

/// Finds the libraries of the driver whose kernel module has the version `module`.
pub(crate) fn find(survey: &mut Survey<'_>, module: Option<&str>) -> Found {
    let (listings, candidates) = first_with_candidates(survey);
    let Some(version) = versions::choose(&candidates, module).cloned() else { return Found::default() };
    let mut search =
        Search { suffix: format!(".so.{version}"), libraries: Vec::new(), strangers: Vec::new() };
    let homes: Vec<_> = listings.iter().filter(|listing| search.is_home(listing)).map(Rc::clone).collect();
    for home in &homes {
        search.take(survey, home, |search, name| name.ends_with(&search.suffix));
    }
    for home in &homes {
        if let Some(vdpau) = survey.listing(&join(&home.directory, "vdpau")) {
            search.take(survey, &vdpau, |search, name| name.ends_with(&search.suffix));
        }
    }
    for listing in &listings {
        search.take(survey, listing, |_, name| counts_itself(name));
    }
    if survey.options.explicit_libraries {
        search.take_explicit(survey, &listings);
    }
    if survey.options.library_search_paths.is_empty() {
        search.take_32_bit(survey, &listings);
    }
    let directories = homes.iter().map(|home| home.directory.clone()).collect();
    let findings = findings(&candidates, &version, &search.strangers);
    Found { version: Some(version), directories, libraries: search.libraries, findings }
}

/// The directories in which libraries of a driver were found, or the last ones that were looked through.
fn first_with_candidates(survey: &mut Survey<'_>) -> (Vec<Rc<Listing>>, Vec<String>) {
    type Look = fn(&mut Survey<'_>) -> Vec<Rc<Listing>>;
    let options = survey.options;
    let looks: &[Look] = match (options.library_search_paths.is_empty(), &options.loader_cache) {
        (false, _) => &[usual],
        (true, None) => &[usual, cached, last],
        (true, Some(_)) => &[cached, usual, last],
    };
    let mut found = Default::default();
    for look in looks {
        let listings = look(survey);
        found = (versions::candidates(&listings), listings);
        if !found.0.is_empty() {
            break;
        }
    }
    (found.1, found.0)
}

/// The directories to search that are there, each once.
fn usual(survey: &mut Survey<'_>) -> Vec<Rc<Listing>> {
    let given = survey.options.library_search_paths.clone();
    if !given.is_empty() {
        return distinct(survey, given.iter().map(String::as_str));
    }
    distinct(survey, places::LIBRARIES.iter().copied())
}

/// Where else the loader's cache knows libraries of the driver: distributions without one of the
/// usual directories, and drivers installed elsewhere.
fn cached(survey: &mut Survey<'_>) -> Vec<Rc<Listing>> {
    let path = survey.options.loader_cache.as_deref().unwrap_or("/etc/ld.so.cache");
    survey.watch(path.rsplit_once('/').map_or("/", |(directory, _)| directory));
    let bytes = survey.root.read_optional(path).ok().flatten().unwrap_or_default();
    let Ok(cache) = LdCache::parse(&bytes) else { return Vec::new() };
    let ours = cache.entries.iter().filter(|entry| {
        let name = String::from_utf8_lossy(entry.soname);
        versions_witness(&name) && !is_32_bit(entry.flags)
    });
    let mut directories: Vec<String> =
        ours.map(|entry| String::from_utf8_lossy(entry.directory()).into_owned()).collect();
    directories.dedup();
    distinct(survey, directories.iter().map(String::as_str).filter(|path| path.starts_with('/')))
}

/// Where only few distributions have them.
fn last(survey: &mut Survey<'_>) -> Vec<Rc<Listing>> {
    distinct(survey, places::LAST_LIBRARIES.iter().copied())
}

fn versions_witness(soname: &str) -> bool {
    ["libcuda.so", "libnvidia-", "libGLX_nvidia.so", "libEGL_nvidia.so"]
        .iter()
        .any(|stem| soname.starts_with(stem))
}

/// The upper byte of the flags is the ABI; none is that of 32-bit x86 (glibc, `dl-cache.h`).
fn is_32_bit(flags: i32) -> bool {
    flags & 0xff00 == 0
}

fn distinct<'a>(survey: &mut Survey<'_>, paths: impl Iterator<Item = &'a str>) -> Vec<Rc<Listing>> {
    let mut listings: Vec<Rc<Listing>> = Vec::new();
    for listing in paths.filter_map(|path| survey.listing(path)) {
        if !listings.iter().any(|known| known.directory == listing.directory) {
            listings.push(listing);
        }
    }
    listings
}

/// Whether a library belongs to the driver without carrying its version.
fn counts_itself(name: &str) -> bool {
    let Some((stem, suffix)) = name.split_once(".so.") else { return false };
    stem == "libnvidia-nvvm70" || places::OWN_VERSIONS.contains(&stem) && versions::is_version(suffix)
}

struct Search {
    suffix: String,
    libraries: Vec<Library>,
    /// Files with the name of a library that are none.
    strangers: Vec<String>,
}

impl Search {
    fn is_home(&self, listing: &Listing) -> bool {
        listing
            .entries
            .iter()
            .any(|entry| entry.name.starts_with("lib") && entry.name.ends_with(&self.suffix))
    }

    /// Takes all libraries of a directory whose name is `wanted`.
    fn take(&mut self, survey: &mut Survey<'_>, listing: &Listing, wanted: impl Fn(&Self, &str) -> bool) {
        for entry in &listing.entries {
            if wanted(self, &entry.name)
                && let Some(path) = survey.target(listing, entry)
            {
                self.add(survey, &path);
            }
        }
    }

    /// Takes the 32-bit libraries of the driver's version. `/usr/lib` holds 64-bit ones on some
    /// distributions: those are found by the other searches or not at all.
    fn take_32_bit(&mut self, survey: &mut Survey<'_>, searched: &[Rc<Listing>]) {
        for listing in distinct(survey, places::LIBRARIES_32.iter().copied()) {
            if !searched.iter().any(|known| known.directory == listing.directory) && self.is_home(&listing) {
                let before = self.libraries.len();
                self.take(survey, &listing, |search, name| name.ends_with(&search.suffix));
                let found = self.libraries.split_off(before);
                self.libraries.extend(found.into_iter().filter(|library| library.bits == 32));
            }
        }
    }

    /// Takes libraries that belong to no driver version but are used with it, and their links.
    fn take_explicit(&mut self, survey: &mut Survey<'_>, listings: &[Rc<Listing>]) {
        let before = self.libraries.len();
        for listing in listings {
            self.take(survey, listing, |_, name| places::EXPLICIT.contains(&name));
        }
        self.libraries.iter_mut().skip(before).for_each(|library| library.versioned = true);
    }

    fn add(&mut self, survey: &mut Survey<'_>, path: &str) {
        if self.libraries.iter().any(|library| library.file.container_path == path) {
            return;
        }
        let facts = elf_file::facts(survey, path);
        if facts.is_err() {
            self.strangers.push(path.to_owned());
        }
        let (soname, bits) = facts.map_or((None, 64), |facts| (facts.soname, facts.bits));
        let name = path.rsplit('/').next().unwrap_or_default();
        self.libraries.push(Library {
            file: File { host_path: survey.host_path(path), container_path: path.to_owned() },
            links: links::of(survey, path, soname.as_deref()),
            soname,
            bits,
            family: families::of_library(name),
            versioned: name.ends_with(&self.suffix),
        });
    }
}

fn findings(candidates: &[String], version: &str, strangers: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if candidates.len() > 1 {
        let message = format!(
            "libraries of {} driver versions lie side by side; `{version}` is used",
            candidates.len()
        );
        findings.push(
            Finding::new(codes::SEVERAL_VERSIONS, Severity::Warning, message)
                .evidence(format!("versions found: {}", candidates.join(", ")))
                .help("remove the packages or files of the versions that are not loaded"),
        );
    }
    if let Some(first) = strangers.first() {
        let message = format!("`{first}`{} no ELF library", more(strangers.len(), " is", " are"));
        findings.push(
            Finding::new(codes::NOT_A_LIBRARY, Severity::Warning, message)
                .evidence(strangers.join(", "))
                .help("install the driver again: these files are damaged or cut short"),
        );
    }
    findings
}

fn more(count: usize, one: &str, several: &str) -> String {
    if count == 1 { one.to_owned() } else { format!(" and {} more{several}", count - 1) }
}
