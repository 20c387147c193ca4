//! The inventory: what the last sweep found, given again as long as nothing changed.
//!
//! It lies in `/run/longshore` (or `$XDG_RUNTIME_DIR/longshore` for users other than root), is
//! believed only if root or we alone could have written it, and holds the fingerprint on which it
//! rests. One process makes it anew while others wait for that one. It is a cache: where it cannot
//! be kept, every call sweeps.

use crate::fingerprint::{self, Fact};
use crate::nvml_program;
use crate::options::Options;
use crate::sweep::{Swept, sweep_watched};
use diag::{Code, Finding, Result};
use driver::{Driver, NvmlSnapshot, Platform};
use host::{Cache, Host};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Name of the directory below `/run` and `$XDG_RUNTIME_DIR`.
const DIRECTORY: &str = "longshore";
const FILE: &str = "inventory.json";
const LOCK: &str = "inventory.lock";

/// A DGX with all GPUs cut into MIG devices needs less than 200 KiB.
const SIZE_LIMIT: usize = 4 * 1024 * 1024;

/// How long to wait for another process's sweep: many times what one takes. Then we sweep ourselves.
const PATIENCE: Duration = Duration::from_secs(2);

/// Change times come in steps of one tick of the kernel, 10 ms at most. What changed this shortly
/// before a sweep may have changed during it without showing.
const RACY_NS: i128 = 20_000_000;

/// Version of the file: the format, and the program, whose sweep may see more than an older one's.
const VERSION: &str = concat!("2 longshore ", env!("CARGO_PKG_VERSION"));

#[derive(Serialize, Deserialize)]
struct Stored {
    version: String,
    options: Options,
    facts: Vec<Fact>,
    driver: Driver,
    /// Why NVML told nothing, when it was asked.
    nvml_failure: Option<String>,
}

/// Where a driver came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From the inventory, nothing having changed since.
    Stored,
    /// From a sweep, which then was stored. The text says why there was one.
    Swept(String),
    /// From a sweep that was not stored. The text says why not.
    NotStored(String),
}

/// A driver, where it came from, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The driver.
    pub driver: Driver,
    /// Where it came from.
    pub origin: Origin,
    /// What the sweep found wrong; after [`Origin::Stored`] only what the driver's value tells.
    pub findings: Vec<Finding>,
}

/// The driver of this machine: from the inventory if it holds, else from a sweep that is then stored.
///
/// # Errors
/// None at present: a machine without a driver is a value too, and what is wrong is told by
/// [`crate::judge`].
pub fn load(host: &Host, options: &Options) -> Result<Driver> {
    Ok(load_with_origin(host, options).driver)
}

/// Like [`load`], for a request for these devices: where only NVML knows them (UUIDs of MIG devices, of
/// GPUs that nothing has used since boot), it is asked through [`crate::NVML_PROGRAM`], and what it told is
/// stored too.
///
/// # Errors
/// None at present: what NVML cannot tell stays unknown.
pub fn load_for(host: &Host, options: &Options, ids: &[String]) -> Result<Driver> {
    let loaded = load_with_origin(host, options);
    let needed = nvml_program::is_needed(&loaded.driver, ids);
    if !needed && !nvml_program::is_useful(&loaded.driver) {
        return Ok(loaded.driver);
    }
    let Ok(cache) = open(host) else { return Ok(asked(host, options, loaded.driver)) };
    let _held = cache.lock(LOCK, nvml_program::DEADLINE);
    match stored(&cache, host, options) {
        Ok(known) if !nvml_program::is_needed(&known.driver, ids) && known.has_asked() => Ok(known.driver),
        _ => {
            let answer = nvml_program::ask(host, &loaded.driver);
            let why = "NVML had to be asked".to_owned();
            Ok(refresh(&cache, host, options, why, Some(answer)).driver)
        }
    }
}

/// Why NVML told nothing when it was last asked for what only it knows; `None` where it did, or was not
/// asked since the machine changed.
#[must_use]
pub fn nvml_failure(host: &Host, options: &Options) -> Option<String> {
    stored(&open(host).ok()?, host, options).ok()?.nvml_failure
}

/// What NVML adds where nothing can be stored.
fn asked(host: &Host, options: &Options, driver: Driver) -> Driver {
    match nvml_program::ask(host, &driver) {
        Ok(snapshot) => sweep_watched(host, options, Some(&snapshot)).driver,
        Err(_) => driver,
    }
}

/// Like [`load`], and says where the driver came from.
#[must_use]
pub fn load_with_origin(host: &Host, options: &Options) -> Loaded {
    let cache = match open(host) {
        Ok(cache) => cache,
        Err(reason) => return unstored(sweep_watched(host, options, None), reason),
    };
    let stale = match stored(&cache, host, options) {
        Ok(known) => return unchanged(known.driver),
        Err(reason) => reason,
    };
    match cache.lock(LOCK, PATIENCE) {
        Ok(Some(_held)) => match stored(&cache, host, options) {
            Ok(known) => unchanged(known.driver),
            Err(_) => refresh(&cache, host, options, stale, None),
        },
        Ok(None) => {
            unstored(sweep_watched(host, options, None), "another process is busy with it".to_owned())
        }
        Err(failure) => unstored(sweep_watched(host, options, None), failure.chain()),
    }
}

fn unchanged(driver: Driver) -> Loaded {
    Loaded { findings: crate::judge(&driver), driver, origin: Origin::Stored }
}

fn unstored(swept: Swept, reason: String) -> Loaded {
    Loaded { driver: swept.driver, findings: swept.findings, origin: Origin::NotStored(reason) }
}

/// The first directory that can be kept safely. In a user namespace we may be root and `/run` still
/// be somebody else's.
fn open(host: &Host) -> std::result::Result<Cache, String> {
    let own = host.environment().get_nonempty("XDG_RUNTIME_DIR").filter(|path| path.starts_with('/'));
    let own = own.map(|base| format!("{}/{DIRECTORY}", base.trim_end_matches('/')));
    let system = (host.uid() == 0).then(|| format!("/run/{DIRECTORY}"));
    let mut reason = "there is no directory to keep it in".to_owned();
    for path in system.into_iter().chain(own) {
        match Cache::open(host, &path) {
            Ok(cache) => return Ok(cache),
            Err(failure) => reason = failure.chain(),
        }
    }
    Err(reason)
}

/// The stored driver if it holds; else why it does not.
fn stored(cache: &Cache, host: &Host, options: &Options) -> std::result::Result<Stored, String> {
    let bytes = cache.read(FILE, SIZE_LIMIT).map_err(|failure| failure.chain())?;
    let bytes = bytes.ok_or_else(|| "there is no inventory yet".to_owned())?;
    let stored: Stored =
        serde_json::from_slice(&bytes).map_err(|cause| format!("it cannot be read: {cause}"))?;
    if stored.version != VERSION {
        return Err(format!("it was written by another version ({})", stored.version));
    }
    if stored.options != *options {
        return Err("it is about other places".to_owned());
    }
    match stored.facts.iter().find_map(|fact| fact.difference(host)) {
        Some(difference) => Err(difference),
        None => Ok(stored),
    }
}

impl Stored {
    /// Whether NVML told all that it is asked for beside UUIDs, or was asked in vain.
    fn has_asked(&self) -> bool {
        self.nvml_failure.is_some() || !nvml_program::is_useful(&self.driver)
    }
}

/// Sweeps and stores; `answer` is that of NVML, where it was asked.
fn refresh(
    cache: &Cache,
    host: &Host,
    options: &Options,
    why: String,
    answer: Option<Result<NvmlSnapshot>>,
) -> Loaded {
    let now = host.now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let start = i128::try_from(now.as_nanos()).unwrap_or(0);
    let kernel = fingerprint::of_kernel(host);
    let nvml_failure = answer.as_ref().and_then(|answer| answer.as_ref().err()).map(diag::Failure::chain);
    let snapshot = answer.and_then(Result::ok);
    let swept = sweep_watched(host, options, snapshot.as_ref());
    if let Some(reason) = unsettled(&swept) {
        return unstored(swept, reason);
    }
    let facts = fingerprint::of(host, options, kernel, &swept);
    if facts.iter().any(|fact| fact.is_fresh(host, start - RACY_NS)) {
        return unstored(swept, "something is just being changed".to_owned());
    }
    let Swept { driver, findings, .. } = swept;
    let stored =
        Stored { version: VERSION.to_owned(), options: options.clone(), facts, driver, nvml_failure };
    let bytes = serde_json::to_vec(&stored).unwrap_or_default();
    let origin = match cache.replace(FILE, &bytes) {
        Ok(()) => Origin::Swept(why),
        Err(failure) => Origin::NotStored(failure.chain()),
    };
    Loaded { driver: stored.driver, findings, origin }
}

/// Why what was found may change without any change that a fingerprint would show.
fn unsettled(swept: &Swept) -> Option<String> {
    let found = |code: Code| swept.findings.iter().any(|finding| finding.code == code);
    let driver = &swept.driver;
    if driver.platform != Platform::Pci {
        let nowhere = !driver.gpus.iter().any(driver::Gpu::has_node);
        return nowhere.then(|| "there is no GPU".to_owned());
    }
    if driver.module_version.is_none() || driver.gpus.is_empty() {
        return Some("there is no GPU".to_owned());
    }
    if swept.driver.gpus.iter().any(|gpu| gpu.uuid.is_none()) {
        return Some("the UUID of a GPU is not known yet".to_owned());
    }
    found(crate::codes::GPU_UNREADABLE).then(|| "a GPU does not tell about itself".to_owned())
}
