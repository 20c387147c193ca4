//! Asks NVML for the doctor: in a child process that is killed at its deadline.

use ::doctor::facts::{ManagedGpu, Management, Reason};
use driver::NvmlSnapshot;
use host::Host;
use nvml::{Kind, NvmlError};
use std::time::Duration;

/// Where NVML is on systems whose loader does not look there: NixOS, nodes of the GPU operator and of GKE.
const PLACES: [&str; 4] = [
    "/run/opengl-driver/lib/libnvidia-ml.so.1",
    "/run/nvidia/driver/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1",
    "/run/nvidia/driver/usr/lib64/libnvidia-ml.so.1",
    "/home/kubernetes/bin/nvidia/lib64/libnvidia-ml.so.1",
];

/// What came of asking.
pub(super) fn ask(host: &Host, deadline: Duration) -> Result<Management, Reason> {
    match asked(host, deadline, None) {
        Ok(Management::NotFound(why)) => match PLACES.into_iter().find(|path| host.exists(path)) {
            Some(path) => asked(host, deadline, Some(path)),
            None => Ok(Management::NotFound(why)),
        },
        answer => answer,
    }
}

fn asked(host: &Host, deadline: Duration, library: Option<&str>) -> Result<Management, Reason> {
    let (environment, library) = (host.environment().clone(), library.map(str::to_owned));
    let options = nvml::Options { deadline, environment, library };
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
