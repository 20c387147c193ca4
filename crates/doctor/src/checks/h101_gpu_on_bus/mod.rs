//! H101: is there an NVIDIA GPU on the PCI bus?

use crate::check::ANY;
use crate::codes::{
    BOUND_ELSEWHERE, DEVICE_NODES, FABRIC_MANAGER, GPU_LOST, GPU_ON_BUS, LOADER_CACHE, MODULE_LOADED, NVML,
    VERSION_SKEW,
};
use crate::facts::Platform;
use crate::serving::{self, Place};
use crate::{Check, Facts, Layer, Remedy};
use diag::{Finding, Outcome, Severity};

/// The check.
pub(super) const CHECK: Check = Check {
    code: GPU_ON_BUS,
    name: "gpu-on-bus",
    label: "on the bus",
    layer: Layer::Gpu,
    weight: Severity::Error,
    engines: ANY,
    explains: &[
        BOUND_ELSEWHERE,
        MODULE_LOADED,
        VERSION_SKEW,
        DEVICE_NODES,
        NVML,
        LOADER_CACHE,
        GPU_LOST,
        FABRIC_MANAGER,
    ],
    blinds: &[],
    run,
    remedy,
    doc: include_str!("doc.md"),
};

fn run(facts: &Facts) -> Outcome {
    match facts.machine.known().map(|machine| machine.platform) {
        Some(Platform::Wsl2) => return Outcome::DoesNotApply("WSL2 shows the GPU as /dev/dxg".to_owned()),
        Some(Platform::Tegra) => {
            return Outcome::DoesNotApply("the GPU of a Tegra is no PCI device".to_owned());
        }
        None if facts.nodes.known().is_some_and(|nodes| nodes.dxg) => {
            return Outcome::DoesNotApply("/dev/dxg says that this is WSL2".to_owned());
        }
        Some(Platform::Native) | None => {}
    }
    match facts.gpus.as_result() {
        Err(reason) => Outcome::CannotTell(reason.to_string()),
        Ok(gpus) if gpus.is_empty() => absent(facts),
        Ok(gpus) => {
            let first = gpus.first().map_or("", |gpu| gpu.address.as_str());
            let more = if gpus.len() > 1 { ", ..." } else { "" };
            Outcome::Fine(format!("{} NVIDIA GPU(s): {first}{more}", gpus.len()))
        }
    }
}

/// The GPU that counts is the one of the daemon's machine.
fn absent(facts: &Facts) -> Outcome {
    match serving::place(facts) {
        Place::Elsewhere(address) => {
            Outcome::DoesNotApply(format!("the daemon is at {address}, and so must its GPU be"))
        }
        _ => Outcome::Found(vec![nothing()]),
    }
}

fn nothing() -> Finding {
    Finding::new(GPU_ON_BUS, Severity::Error, "this machine has no NVIDIA GPU on its PCI bus")
        .evidence("/sys/bus/pci/devices has no device with vendor 0x10de and class 0x03....")
}

fn remedy(_: &Facts) -> Option<Remedy> {
    Some(Remedy::shown(
        "lspci -d 10de:",
        "lists what is on the bus; only hardware or its settings can change it",
    ))
}
