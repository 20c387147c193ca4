//! `cdi refresh`: the specification of this machine, written when it changed and only then.

use super::generate::{self, Made, flags};
use super::output::Output;
use crate::arguments::{Command, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use cdi::{Format, Spec};
use diag::{Failure, Result};
use driver::Driver;
use host::{Cache, Lock};
use std::time::Duration;

pub(super) const COMMAND: Command =
    Command::new("refresh", "Writes the specification of this machine anew if it changed", refresh)
        .flags(flags::FLAGS);

/// Where the specification goes unless another place is named: engines read it, a reboot removes it.
const OUTPUT: &str = "/var/run/cdi/nvidia.yaml";

/// Where processes that refresh wait for each other.
const LOCKS: &str = "/run/longshore";
const LOCK: &str = "refresh.lock";
/// Many times what a refresh takes, with a driver that answers slowly.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a refresh came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The specification says already what is true.
    Unchanged,
    /// It was written.
    Written,
    /// There is nothing to describe yet, and there is no specification.
    Waiting,
    /// There is nothing to describe any more: the specification was removed.
    Removed,
}

fn refresh(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    once(session, parsed).map(|_| Exit::Well)
}

/// Refreshes once. One process at a time does, and one that had to wait finds nothing left to do.
pub(super) fn once(session: &mut Session, parsed: &Parsed) -> Result<Outcome> {
    let path = match parsed.text("output") {
        "" => OUTPUT,
        given => given,
    };
    let output = generate::output(session, parsed, path)?;
    let _lock = lock(session);
    let places = generate::places(session, parsed)?;
    let (driver, _) = discover::sweep(&session.host, &places, None);
    if driver.gpus.is_empty() {
        return without_gpu(session, &output, driver.module_version.is_some());
    }
    let made = generate::make(session, parsed)?;
    if session.host.is_live() {
        link_nodes(&driver);
    }
    write(session, &output, &made)
}

/// Old releases of runc tell systemd only of devices that have a link below `/dev/char`. Who starts
/// containers by a specification runs no program of ours that could make it in time.
fn link_nodes(driver: &Driver) {
    let of_gpus =
        driver.gpus.iter().flat_map(|gpu| gpu.node.iter().chain(gpu.mig.iter().flat_map(|mig| &mig.caps)));
    let nodes = driver.control_nodes.iter().chain(of_gpus);
    runtime::link_device_nodes(nodes.map(|node| (node.path.as_str(), node.major, node.minor)));
}

fn lock(session: &Session) -> Option<Lock> {
    let cache = Cache::open(&session.host, LOCKS).ok()?;
    cache.lock(LOCK, PATIENCE).ok().flatten()
}

fn write(session: &mut Session, output: &Output, made: &[Made]) -> Result<Outcome> {
    let mut outcome = Outcome::Unchanged;
    for made in made {
        let text = generate::text(output, made);
        let path = output.path_of(made.part).unwrap_or_default();
        let path = session.absolute(&path)?;
        if session.host.read_optional(&path)?.as_deref() == Some(text.as_bytes()) {
            session.debug(&format!("{path} is as it should be"));
            continue;
        }
        session.write_file(&path, text.as_bytes())?;
        let (devices, version) = (made.spec.devices.len(), &made.spec.cdi_version);
        let note = made.note.as_ref().map(|note| format!(", {note}")).unwrap_or_default();
        session.info(&format!("Wrote {path}: {devices} devices, CDI {version}{note}"));
        outcome = Outcome::Written;
    }
    Ok(outcome)
}

/// No GPU: before the driver is loaded that is no failure. When the driver went away its specification
/// goes too, so that engines say that there is no such device and not that a file is missing.
fn without_gpu(session: &mut Session, output: &Output, module: bool) -> Result<Outcome> {
    let path = session.absolute(&output.path_of("").unwrap_or_default())?;
    let reason = if module { "the driver has no GPU" } else { "the NVIDIA kernel module is not loaded" };
    let Some(bytes) = session.host.read_optional(&path)? else {
        session.info(&format!("Nothing to describe: {reason}"));
        return Ok(Outcome::Waiting);
    };
    let old = cdi::parse(&bytes, Format::of_path(&path).unwrap_or(Format::Yaml));
    if !old.is_ok_and(|spec| is_of_gpus(&spec)) {
        let failure = Failure::coded(codes::NO_GPU, format!("{reason}; nothing was written"));
        return Err(failure.hint(format!("{path} was left as it is: it is no specification of NVIDIA GPUs")));
    }
    session.remove_file(&path)?;
    session.info(&format!("Removed {path}: {reason}"));
    Ok(Outcome::Removed)
}

fn is_of_gpus(spec: &Spec) -> bool {
    let nodes = spec.devices.iter().flat_map(|device| &device.container_edits.device_nodes);
    nodes.into_iter().any(|node| node.path.starts_with("/dev/nvidia") || node.path == "/dev/dxg")
}
