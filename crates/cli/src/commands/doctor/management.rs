//! Asks NVML for the doctor: in a child process that is killed at its deadline.

use ::doctor::facts::{ManagedGpu, Management, Reason};
use driver::NvmlSnapshot;
use host::Host;
use nvml::{Kind, NvmlError};
use std::time::Duration;

/// What came of asking.
pub(super) fn ask(host: &Host, deadline: Duration) -> Result<Management, Reason> {
    let environment = host.environment().clone();
    let options = nvml::Options { deadline, environment, ..nvml::Options::default() };
    match nvml::snapshot(host, "/proc/self/exe", &options) {
        Ok(snapshot) => Ok(answered(snapshot)),
        Err(error) => ended(error),
    }
}

fn answered(snapshot: NvmlSnapshot) -> Management {
    let version = |(major, minor): (u32, u32)| format!("{major}.{minor}");
    let gpus = snapshot.gpus.into_iter().map(|gpu| ManagedGpu {
        name: gpu.name,
        address: gpu.bus_id,
        minor: gpu.minor,
        capability: gpu.compute_capability.map(version),
        mig: gpu.mig_enabled,
        mig_devices: gpu.mig.len(),
    });
    Management::Answered {
        driver: snapshot.driver_version,
        cuda: snapshot.cuda.map(version),
        gpus: gpus.collect(),
    }
}

fn ended(error: NvmlError) -> Result<Management, Reason> {
    match error.kind {
        Kind::Error(code, text) => Ok(Management::Refused { code, text }),
        Kind::LibraryNotFound(text) => Ok(Management::NotFound(text)),
        Kind::TimedOut(after) => Ok(Management::Hung(u64::try_from(after.as_millis()).unwrap_or(u64::MAX))),
        Kind::Crashed(signal) => Ok(Management::Crashed(signal)),
        _ => Err(Reason::Failed { what: "NVML".to_owned(), how: error.to_string() }),
    }
}
