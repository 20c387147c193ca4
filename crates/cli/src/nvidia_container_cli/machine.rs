//! What the commands look at: the driver, and NVML where it answers.

use super::log::Log;
use super::options::Invocation;
use crate::session::Session;
use diag::{Failure, Result};
use discover::Options;
use driver::{Driver, NvmlSnapshot};
use inject::requirement::Facts;
use nvml::{Kind, NvmlError};
use std::time::Duration;

/// The first call of NVML on a machine with eight GPUs and no persistence daemon takes seconds; the
/// original gives up after ten.
const PATIENCE: Duration = Duration::from_secs(15);
/// `NVML_ERROR_UNINITIALIZED` and its like do not come from a session of ours; these two do.
const DRIVER_NOT_LOADED: u32 = 9;
const LIB_RM_VERSION_MISMATCH: u32 = 18;

/// Where the driver is, by the options before the command.
pub(super) fn places(session: &Session, invocation: &Invocation, log: &Log) -> Result<Options> {
    let mut options = Options { settings_file: session.settings_path(), ..Options::default() };
    if let Some(root) = invocation.global.last("root").filter(|root| !root.is_empty()) {
        options.driver_root = session.absolute(root)?;
        runtime::check_root(&session.host, &options.driver_root)?;
    }
    log.info(&format!("using root {}", options.driver_root));
    if let Some(cache) = invocation.global.last("ldcache") {
        let path = session.absolute(cache)?;
        if !session.host.exists(&path) {
            return Err(Failure::coded(
                discover::codes::NO_LIBRARIES,
                format!("detection error: open failed: {path}: no such file or directory"),
            )
            .hint("--ldcache names the host's loader cache; without it the usual one is read"));
        }
        log.info(&format!("using ldcache {path}"));
        options.loader_cache = Some(path);
    }
    if invocation.global.has("load-kmods") {
        for failed in runtime::load_kernel_modules(&session.host, &options.driver_root) {
            log.warn(&failed);
        }
    }
    Ok(options)
}

/// The driver as the kernel's files and directories show it; fails where no container could use it.
pub(super) fn driver(session: &Session, places: &Options, log: &Log) -> Result<Driver> {
    let (driver, findings) = discover::sweep(&session.host, places, None);
    runtime::initialization(&driver)?;
    tell(&driver, log);
    findings.iter().for_each(|finding| log.warn(&finding.message));
    Ok(driver)
}

/// The driver with what NVML adds. A library that hangs, crashes or cannot be loaded costs only what it
/// alone knows.
pub(super) fn driver_with_nvml(session: &mut Session, places: &Options, log: &Log) -> Result<Driver> {
    let found = driver(session, places, log)?;
    let Some(snapshot) = ask(session, &found, log)? else { return Ok(found) };
    Ok(discover::sweep(&session.host, places, Some(&snapshot)).0)
}

fn ask(session: &mut Session, driver: &Driver, log: &Log) -> Result<Option<NvmlSnapshot>> {
    let is_nvml =
        |path: &str| path.rsplit('/').next().is_some_and(|name| name.starts_with("libnvidia-ml.so."));
    let library =
        driver.libraries.iter().find(|library| library.bits == 64 && is_nvml(&library.file.host_path));
    let library = library.map(|library| library.file.host_path.clone());
    log.info("requesting device information of NVML");
    let options = nvml::Options { library, deadline: PATIENCE, ..nvml::Options::default() };
    let failure = match session.nvml(options) {
        Ok(snapshot) => return Ok(Some(snapshot)),
        Err(failure) => failure,
    };
    match &failure.kind {
        Kind::Error(DRIVER_NOT_LOADED, _) => {
            Err(refused(runtime::codes::DRIVER_NOT_LOADED, "driver not loaded"))
        }
        Kind::Error(LIB_RM_VERSION_MISMATCH, _) => {
            Err(refused(runtime::codes::DRIVER_MISMATCH, "driver/library version mismatch"))
        }
        Kind::Error(_, text) => Err(refused(runtime::codes::NVML, &text.to_lowercase())),
        _ if session.host.is_live() => {
            let text = format!("{}; what the kernel's files tell is shown", known_words(&failure));
            log.warn(&text);
            session.err(&format!("{}: warning: {text}\n", super::NAME));
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// How NVML failed to answer, behind the words by which the original tells of its process for NVML.
fn known_words(failure: &NvmlError) -> String {
    match failure.kind {
        Kind::TimedOut(_) => format!("driver rpc error: timed out: {failure}"),
        Kind::Crashed(signal) => format!("driver rpc error: terminated with signal {signal}: {failure}"),
        _ => failure.to_string(),
    }
}

fn refused(code: diag::Code, what: &str) -> Failure {
    Failure::coded(code, format!("initialization error: nvml error: {what}"))
        .hint("`longshore doctor` finds the cause")
}

/// What a report should show.
fn tell(driver: &Driver, log: &Log) {
    log.info("requesting driver information with ''");
    for library in &driver.libraries {
        log.info(&format!("selecting {}", library.file.container_path));
    }
    for file in driver.binaries.iter().chain(&driver.sockets).chain(&driver.firmware) {
        log.info(&format!("selecting {}", file.container_path));
    }
    for node in &driver.control_nodes {
        log.info(&format!("listing device {}", node.path));
    }
    for gpu in &driver.gpus {
        let uuid = gpu.uuid.as_deref().unwrap_or(UNKNOWN);
        log.info(&format!(
            "listing device /dev/nvidia{} ({uuid} at {})",
            gpu.minor,
            bus_location(&gpu.bus_id)
        ));
    }
}

/// Stands for what nobody told.
pub(super) const UNKNOWN: &str = "N/A";

/// `0000:07:00.0` with the eight digits of the domain that NVML writes.
pub(super) fn bus_location(address: &str) -> String {
    match address.split_once(':') {
        Some((domain, rest)) => format!("{domain:0>8}:{rest}"),
        None => address.to_owned(),
    }
}

/// What is known of a driver and one of its GPUs beyond files: the CUDA version, the architecture.
pub(super) fn facts(driver: &Driver, gpu: Option<usize>) -> Facts {
    let targets: Vec<inject::Target> = gpu.map(|gpu| inject::Target { gpu, mig: None }).into_iter().collect();
    Facts::of(driver, &targets)
}
