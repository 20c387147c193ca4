//! Programs, firmware, sockets and X.org modules.

use crate::places;
use crate::survey::{Survey, join};
use driver::File;
use host::{Kind, Stat};

/// Finds the driver's programs, each in the first directory that has it.
pub(crate) fn programs(survey: &mut Survey<'_>) -> Vec<File> {
    let mut directories = survey.options.executable_search_paths.clone();
    let usual = places::PROGRAMS.iter().chain(places::LAST_PROGRAMS);
    directories.extend(usual.map(|directory| (*directory).to_owned()));
    directories.iter().for_each(|directory| survey.watch(directory));
    let first = |name: &&str| {
        let mut paths = directories.iter().map(|directory| join(directory, name));
        paths.find(|path| stat(survey, path).is_some_and(|stat| stat.is_executable()))
    };
    places::PROGRAM_NAMES.iter().filter_map(first).map(|path| program(survey, path)).collect()
}

fn program(survey: &Survey<'_>, path: String) -> File {
    match places::LAST_PROGRAMS.iter().find_map(|directory| path.strip_prefix(directory)) {
        Some(name) => File { host_path: survey.host_path(&path), container_path: format!("/usr/bin{name}") },
        None => as_found(survey, path),
    }
}

/// Finds the GSP firmware of a driver version, in the first directory in which the kernel would.
pub(crate) fn firmware(survey: &mut Survey<'_>, version: &str) -> Vec<File> {
    for base in firmware_directories(survey) {
        let directory = format!("{base}/nvidia/{version}");
        let Some(listing) = survey.listing(&directory) else { continue };
        let images = listing.entries.iter().filter(|entry| {
            let name = &entry.name;
            name.starts_with("gsp") && name.ends_with(".bin") && survey.target(&listing, entry).is_some()
        });
        let found: Vec<_> = images.map(|image| as_found(survey, join(&directory, &image.name))).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// The kernel's own order (`fw_path` of `drivers/base/firmware_loader/main.c`).
fn firmware_directories(survey: &Survey<'_>) -> Vec<String> {
    let text = |path: &str| survey.machine.read_text_optional(path).ok().flatten().unwrap_or_default();
    let configured = text("/sys/module/firmware_class/parameters/path").trim().to_owned();
    let release = text("/proc/sys/kernel/osrelease").trim().to_owned();
    let mut directories = Vec::new();
    if configured.starts_with('/') {
        directories.push(configured.trim_end_matches('/').to_owned());
    }
    for base in ["/lib/firmware/updates", "/lib/firmware"] {
        if !release.is_empty() {
            directories.push(format!("{base}/{release}"));
        }
        directories.push(base.to_owned());
    }
    directories
}

/// Finds the sockets of the driver's daemons.
pub(crate) fn sockets(survey: &mut Survey<'_>) -> Vec<File> {
    let mut found = Vec::new();
    for name in places::SOCKETS {
        for base in ["/run", "/var/run"] {
            let path = join(base, name);
            survey.watch(path.trim_end_matches("/socket"));
            if stat(survey, &path).is_some_and(|stat| stat.kind == Kind::Socket) {
                found.push(as_found(survey, path));
                break;
            }
        }
    }
    found
}

/// Finds the X.org modules, each in the first directory that has it.
pub(crate) fn xorg(survey: &mut Survey<'_>, library_directories: &[String], version: &str) -> Vec<File> {
    let mut directories: Vec<String> =
        library_directories.iter().map(|directory| join(directory, "nvidia/xorg")).collect();
    let homes = library_directories.iter().map(|directory| join(directory, "xorg"));
    for home in homes.chain(places::XORG.iter().map(|home| (*home).to_owned())) {
        directories.extend(places::XORG_MODULES.iter().map(|below| join(&home, below)));
    }
    let names = ["nvidia_drv.so".to_owned(), format!("libglxserver_nvidia.so.{version}")];
    names.iter().filter_map(|name| first_listed(survey, &directories, name)).collect()
}

fn first_listed(survey: &mut Survey<'_>, directories: &[String], name: &str) -> Option<File> {
    for directory in directories {
        let Some(listing) = survey.listing(directory) else { continue };
        if listing.get(name).is_some_and(|entry| survey.target(&listing, entry).is_some()) {
            return Some(as_found(survey, join(directory, name)));
        }
    }
    None
}

fn stat(survey: &Survey<'_>, path: &str) -> Option<Stat> {
    survey.root.stat(path).ok().flatten()
}

/// A file that containers see where the host has it, whatever links are on the way: that is where
/// programs look for it.
fn as_found(survey: &Survey<'_>, path: String) -> File {
    File { host_path: survey.host_path(&path), container_path: path }
}
