//! H101: is there an NVIDIA GPU on the PCI bus?

use crate::codes::GPU_ON_BUS;
use crate::facts::Platform;
use crate::serving::{self, Place};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
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

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(Remedy::shown(
        "lspci -d 10de:",
        "lists what is on the bus; only hardware or its settings can change it",
    ))
}
