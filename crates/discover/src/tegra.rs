//! The driver of a Tegra system: what its mount lists say, and its GPUs.

mod devices;
mod lists;

use crate::codes;
use crate::elf_file;
use crate::links;
use crate::pattern::expand;
use crate::places;
use crate::platform;
use crate::survey::{Survey, join};
use diag::{Finding, Severity};
use driver::{Driver, File, Library, Link, NvmlSnapshot, families::Family};
use lists::Lists;

/// How many links a chain may have; the kernel's own limit (`MAXSYMLINKS`).
const LONGEST_CHAIN: usize = 40;

/// Puts what a Tegra system has into `driver`, whose GPUs are those that the kernel lists.
pub(crate) fn complete(
    survey: &mut Survey<'_>,
    driver: &mut Driver,
    snapshot: Option<&NvmlSnapshot>,
) -> Vec<Finding> {
    let (lists, mut findings) = Lists::read(survey);
    let mut missing = Vec::new();
    for path in &lists.directories {
        let before = driver.others.len();
        take_directory(survey, path, driver);
        note_missing(&mut missing, path, before == driver.others.len());
    }
    for path in &lists.libraries {
        note_missing(&mut missing, path, !take_files(survey, path, driver, true));
    }
    let ignored = survey.options.mount_lists.ignore_patterns.clone();
    for path in lists.links.iter().filter(|path| !is_ignored(&ignored, path)) {
        note_missing(&mut missing, path, !take_link(survey, path, driver));
    }
    take_release(survey, driver);
    driver.gpus = devices::gpus(survey, &lists, driver, snapshot, &mut missing);
    driver.control_nodes.clear();
    driver.compat_root = compat_root(survey, driver, snapshot);
    findings.extend(not_there(&missing));
    findings
}

fn note_missing(missing: &mut Vec<String>, path: &str, is_missing: bool) {
    if is_missing {
        missing.push(path.to_owned());
    }
}

fn not_there(missing: &[String]) -> Option<Finding> {
    (!missing.is_empty()).then(|| {
        let message = format!("{} entries of the mount lists are not on this machine", missing.len());
        Finding::new(codes::NOT_ON_MACHINE, Severity::Note, message).evidence(missing.join(", "))
    })
}

fn take_directory(survey: &mut Survey<'_>, path: &str, driver: &mut Driver) {
    for found in expand(&survey.root, path) {
        survey.watch(&found);
        if survey.root.stat(&found).ok().flatten().is_some_and(|stat| stat.is_dir()) {
            add_other(survey, driver, found);
        }
    }
}

/// Takes the files that a pattern leads to, links followed; whether there was any.
fn take_files(survey: &mut Survey<'_>, pattern: &str, driver: &mut Driver, with_links: bool) -> bool {
    let found = candidates(survey, pattern);
    let mut taken = false;
    for path in &found {
        if let Some((directory, _)) = path.rsplit_once('/') {
            survey.watch(directory);
        }
        let is_file =
            |path: &String| survey.root.stat(path).ok().flatten().is_some_and(|stat| stat.is_file());
        if let Some(real) = survey.root.resolve(path).ok().filter(is_file) {
            add_file(survey, driver, &real, with_links);
            taken = true;
        }
    }
    taken
}

/// The paths that a pattern may mean: a relative one is looked for in the given directories.
fn candidates(survey: &Survey<'_>, pattern: &str) -> Vec<String> {
    if pattern.starts_with('/') {
        return expand(&survey.root, pattern);
    }
    let bases = survey.options.library_search_paths.iter().map(String::as_str).chain(["/"]);
    bases.flat_map(|base| expand(&survey.root, &join(base, pattern))).collect()
}

fn add_file(survey: &mut Survey<'_>, driver: &mut Driver, path: &str, with_links: bool) {
    let name = path.rsplit('/').next().unwrap_or_default();
    if !name.starts_with("lib") || !name.contains(".so") {
        return add_other(survey, driver, path.to_owned());
    }
    if driver.libraries.iter().any(|library| library.file.container_path == path) {
        return;
    }
    let soname = elf_file::facts(survey, path).ok().and_then(|facts| facts.soname);
    // Only names with a version have links: `libcuda.so.1.1`, not `libnvidia-ml.so.1`.
    let links = match with_links && name.split_once(".so.").is_some_and(|(_, version)| version.contains('.'))
    {
        true => links::of(survey, path, soname.as_deref()),
        false => Vec::new(),
    };
    driver.libraries.push(Library {
        file: File { host_path: survey.host_path(path), container_path: path.to_owned() },
        soname,
        bits: 64,
        links,
        family: Family::Always,
        versioned: true,
    });
}

fn add_other(survey: &Survey<'_>, driver: &mut Driver, path: String) {
    let file = File { host_path: survey.host_path(&path), container_path: path };
    if !driver.others.contains(&file) {
        driver.others.push(file);
    }
}

/// Takes a link: the file at its end, and every link on the way as it stands.
fn take_link(survey: &mut Survey<'_>, pattern: &str, driver: &mut Driver) -> bool {
    if !take_files(survey, pattern, driver, false) {
        return false;
    }
    for path in candidates(survey, pattern) {
        for link in chain(survey, path) {
            if !driver.links.contains(&link) {
                driver.links.push(link);
            }
        }
    }
    true
}

fn chain(survey: &Survey<'_>, mut path: String) -> Vec<Link> {
    let mut links = Vec::new();
    while let Some(target) = survey.root.read_link(&path).ok().flatten()
        && links.len() < LONGEST_CHAIN
    {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let next = if target.starts_with('/') { target.clone() } else { join(directory, &target) };
        links.push(Link { target, path });
        path = plain(&next);
    }
    links
}

/// The path without `.` and `..`.
fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

fn is_ignored(patterns: &[String], path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    patterns.iter().any(|pattern| match pattern.strip_prefix("**/") {
        Some(pattern) => formats::glob::matches(pattern, name),
        None => formats::glob::matches_path(pattern, path),
    })
}

/// The file by which programs know a Tegra system; it is the host's, whatever the driver root.
fn take_release(survey: &Survey<'_>, driver: &mut Driver) {
    let path = places::TEGRA_RELEASE;
    if survey.machine.stat(path).ok().flatten().is_some_and(|stat| stat.is_file()) {
        driver.others.push(File { host_path: path.to_owned(), container_path: path.to_owned() });
    }
}

fn compat_root(survey: &Survey<'_>, driver: &Driver, snapshot: Option<&NvmlSnapshot>) -> Option<String> {
    let names = driver.gpus.iter().filter_map(|gpu| gpu.name.as_deref());
    let reported = snapshot.iter().flat_map(|snapshot| &snapshot.gpus).map(|gpu| gpu.name.as_str());
    let names: Vec<&str> = names.chain(reported).collect();
    let root = &survey.options.mount_lists.compat_root;
    (!root.is_empty() && platform::is_orin(survey, &names)).then(|| root.clone())
}
