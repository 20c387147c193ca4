//! The driver of a Windows Subsystem for Linux: one node for all GPUs, and the driver store, a directory
//! of the Windows driver that is mounted into each Linux.

use crate::codes;
use crate::elf_file;
use crate::nodes;
use crate::survey::{Listing, Survey, join};
use diag::{Finding, Severity};
use driver::{Driver, File, Gpu, Library, Link, families::Family};
use std::rc::Rc;

/// Where WSL itself puts libraries.
const LIBRARIES: &str = "/usr/lib/wsl/lib";
/// Directories of Windows drivers, one for each.
const STORES: &str = "/usr/lib/wsl/drivers";
/// The node for all GPUs.
const NODE: &str = "/dev/dxg";
const DXCORE: &str = "libdxcore.so";
/// By this library a driver store is known to be NVIDIA's.
const WITNESS: &str = "libcuda.so.1.1";

/// Files that the driver store must have; the others of it are `.so`, `.bin` and `.dll` files.
const REQUIRED: &[&str] = &[
    WITNESS,
    "libcuda_loader.so",
    "libnvidia-ptxjitcompiler.so.1",
    "libnvidia-ml.so.1",
    "libnvidia-ml_loader.so",
    "libnvdxgdmal.so.1",
    "nvcubins.bin",
    "nvidia-smi",
];

/// Whether this is WSL: it has the library that reaches Windows' GPUs.
pub(crate) fn is_here(survey: &Survey<'_>) -> bool {
    survey.root.exists(&format!("{LIBRARIES}/{DXCORE}"))
}

/// Puts what a WSL has into `driver`.
pub(crate) fn complete(survey: &mut Survey<'_>, driver: &mut Driver) -> Vec<Finding> {
    driver.control_nodes.clear();
    let node = nodes::read(survey, NODE);
    let name = driver.gpus.first().and_then(|gpu| gpu.name.clone());
    driver.gpus =
        node.into_iter().map(|node| Gpu { name: name.clone(), node: Some(node), ..Gpu::default() }).collect();
    let mut findings = Vec::new();
    let (store, finding) = store(survey);
    findings.extend(finding);
    if let Some(store) = store {
        findings.extend(take(survey, &store, driver));
    }
    if let Some(listing) = survey.listing(LIBRARIES) {
        driver.libraries.extend(library(survey, &listing, DXCORE));
    }
    findings
}

/// The driver store in use. Updates of the Windows driver leave older ones behind; the one in use is the
/// one whose programs WSL itself shows, else the newest.
fn store(survey: &mut Survey<'_>) -> (Option<Rc<Listing>>, Option<Finding>) {
    let names: Vec<String> = survey
        .listing(STORES)
        .map(|listing| listing.entries.iter().map(|entry| entry.name.clone()).collect())
        .unwrap_or_default();
    let mut stores: Vec<Rc<Listing>> = names
        .iter()
        .filter_map(|name| survey.listing(&join(STORES, name)))
        .filter(|listing| listing.get(WITNESS).is_some())
        .collect();
    if stores.len() < 2 {
        let finding = stores.is_empty().then(no_store);
        return (stores.pop(), finding);
    }
    stores.sort_by_cached_key(|listing| {
        let seen = |path: &str| survey.root.stat(path).ok().flatten();
        let size = |directory: &str| seen(&join(directory, "nvidia-smi")).map(|stat| stat.size);
        let current = size(LIBRARIES).is_some() && size(LIBRARIES) == size(&listing.directory);
        (current, seen(&listing.path(WITNESS)).map(|stat| stat.mtime_ns))
    });
    let finding = stores.last().map(|store| several_stores(&stores, store));
    (stores.pop(), finding)
}

fn no_store() -> Finding {
    let message = "WSL has no NVIDIA driver: no driver store holds `libcuda.so.1.1`";
    Finding::new(codes::DRIVER_STORE, Severity::Error, message)
        .evidence(format!("looked through the directories below {STORES}"))
        .help("install the NVIDIA driver in Windows, then run `wsl --shutdown` there; install none in Linux")
}

fn several_stores(stores: &[Rc<Listing>], used: &Listing) -> Finding {
    let names: Vec<&str> = stores.iter().map(|store| store.directory.as_str()).collect();
    let message = format!("WSL has {} NVIDIA driver stores; `{}` is used", stores.len(), used.directory);
    Finding::new(codes::DRIVER_STORE, Severity::Note, message)
        .evidence(names.join(", "))
        .help("`wsl --shutdown` in Windows removes those of earlier drivers")
}

/// Takes the files of the driver store.
fn take(survey: &mut Survey<'_>, store: &Listing, driver: &mut Driver) -> Option<Finding> {
    for name in REQUIRED {
        if name.starts_with("lib") {
            driver.libraries.extend(library(survey, store, name));
        } else if is_there(survey, store, name) {
            driver.others.push(file(survey, store, name));
        }
    }
    let is_more = |name: &str| name.contains(".so") || name.ends_with(".bin") || name.ends_with(".dll");
    for entry in &store.entries {
        let name = entry.name.as_str();
        if is_more(name) && !REQUIRED.contains(&name) && is_there(survey, store, name) {
            driver.others.push(file(survey, store, name));
        }
    }
    if is_there(survey, store, "nvidia-smi") {
        driver.links.push(Link { target: store.path("nvidia-smi"), path: "/usr/bin/nvidia-smi".to_owned() });
    }
    let missing: Vec<&str> = REQUIRED.iter().copied().filter(|name| !is_there(survey, store, name)).collect();
    (!missing.is_empty()).then(|| {
        let message = format!("{} files of the driver store are not there", missing.len());
        Finding::new(codes::NOT_ON_MACHINE, Severity::Note, message).evidence(format!(
            "{}: {}",
            store.directory,
            missing.join(", ")
        ))
    })
}

fn is_there(survey: &Survey<'_>, listing: &Listing, name: &str) -> bool {
    listing.get(name).is_some_and(|entry| survey.target(listing, entry).is_some())
}

fn file(survey: &Survey<'_>, listing: &Listing, name: &str) -> File {
    let path = listing.path(name);
    File { host_path: survey.host_path(&path), container_path: path }
}

fn library(survey: &Survey<'_>, listing: &Listing, name: &str) -> Option<Library> {
    is_there(survey, listing, name).then(|| Library {
        soname: elf_file::facts(survey, &listing.path(name)).ok().and_then(|facts| facts.soname),
        file: file(survey, listing, name),
        bits: 64,
        family: Family::Always,
        versioned: true,
        ..Library::default()
    })
}
