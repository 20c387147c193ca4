//! H113: does every GPU answer on the PCI bus?

use crate::check::ANY;
use crate::codes::{DEVICE_NODES, FABRIC_MANAGER, GPU_LOST, NVML};
use crate::facts::PciGpu;
use crate::{Check, Facts, Layer, Remedy};
use diag::{Finding, Outcome, Severity};

/// The check.
pub(super) const CHECK: Check = Check {
    code: GPU_LOST,
    name: "gpu-lost",
    label: "answers",
    layer: Layer::Gpu,
    weight: Severity::Error,
    engines: ANY,
    explains: &[NVML, DEVICE_NODES, FABRIC_MANAGER],
    blinds: &[NVML],
    run,
    remedy,
    doc: include_str!("doc.md"),
};

fn run(facts: &Facts) -> Outcome {
    let gpus = match facts.gpus.as_result() {
        Ok(gpus) if gpus.is_empty() => {
            return Outcome::DoesNotApply("there is no GPU on a PCI bus".to_owned());
        }
        Ok(gpus) => gpus,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let lost: Vec<&PciGpu> = gpus.iter().filter(|gpu| gpu.answers == Some(false)).collect();
    match (lost.as_slice(), gpus.iter().any(|gpu| gpu.answers == Some(true))) {
        ([], true) => Outcome::Fine("all of them answer on the bus".to_owned()),
        ([], false) => {
            Outcome::DoesNotApply("the configuration space of the GPUs is not shown here".to_owned())
        }
        (lost, _) => Outcome::Found(lost.iter().map(|gpu| finding(gpu)).collect()),
    }
}

fn finding(gpu: &PciGpu) -> Finding {
    let message = format!("the GPU at {} has fallen off the bus", gpu.address);
    Finding::new(GPU_LOST, Severity::Error, message)
        .evidence(format!("/sys/bus/pci/devices/{}/config reads as all ones", gpu.address))
}

fn remedy(_: &Facts) -> Option<Remedy> {
    Some(
        Remedy::shown(
            "sudo dmesg | grep -i xid, then power-cycle the machine",
            "the GPU comes back after a power cycle, or needs to be replaced",
        )
        .as_root()
        .restarting("the machine"),
    )
}
