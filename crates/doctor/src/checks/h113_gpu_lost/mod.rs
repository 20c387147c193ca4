//! H113: does every GPU answer on the PCI bus?

use crate::codes::GPU_LOST;
use crate::facts::{PciGpu, Xid};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let gpus = match facts.gpus.as_result() {
        Ok(gpus) if gpus.is_empty() => {
            return Outcome::DoesNotApply("there is no GPU on a PCI bus".to_owned());
        }
        Ok(gpus) => gpus,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let lost = gpus.iter().filter(|gpu| gpu.answers == Some(false)).map(finding);
    let found: Vec<Finding> = lost.chain(faults(facts, gpus)).collect();
    match (found.is_empty(), gpus.iter().any(|gpu| gpu.answers == Some(true))) {
        (true, true) => Outcome::Fine("all of them answer on the bus".to_owned()),
        (true, false) => {
            Outcome::DoesNotApply("the configuration space of the GPUs is not shown here".to_owned())
        }
        (false, _) => Outcome::Found(found),
    }
}

/// Faults that the hardware, the bus or the firmware has, by number (NVIDIA, "XID Errors", release 580);
/// of others a program in a container is the cause.
const FAULTS: &[(u32, &str)] = &[
    (48, "an uncorrectable memory error: the GPU needs a reset"),
    (63, "a row of memory is to be replaced: the GPU needs a reset"),
    (64, "a row of memory could not be replaced: the GPU has to be exchanged"),
    (74, "an error on NVLink"),
    (79, "the GPU has fallen off the bus: check power, cooling and seating"),
    (92, "many correctable memory errors"),
    (94, "a contained memory error: the program has to be started again"),
    (95, "an uncontained memory error: the GPU needs a reset"),
    (119, "the GPU's firmware (GSP) did not answer"),
    (120, "the GPU's firmware (GSP) failed"),
    (140, "an uncorrected memory error"),
    (143, "the GPU could not be started"),
    (154, "the GPU needs a reset or the machine a reboot"),
];

/// What the kernel's log has of faults. A GPU that answers may have recovered since.
fn faults(facts: &Facts, gpus: &[PciGpu]) -> Vec<Finding> {
    let xids = facts.kernel_log.known().map(|log| log.xids.as_slice()).unwrap_or_default();
    let known = |xid: &Xid| FAULTS.iter().find(|(number, _)| *number == xid.number).map(|(_, what)| *what);
    let told = |xid: &&Xid| {
        !gpus.iter().any(|gpu| gpu.answers == Some(false) && gpu.address.starts_with(&xid.address))
    };
    xids.iter().filter(told).filter_map(|xid| Some(fault(xid, known(xid)?))).collect()
}

fn fault(xid: &Xid, what: &str) -> Finding {
    let message = format!("the kernel reported Xid {} for the GPU at {}: {what}", xid.number, xid.address);
    Finding::new(GPU_LOST, Severity::Warning, message)
        .evidence(format!("the kernel's log has it {} time(s) since the boot", xid.count))
}

fn finding(gpu: &PciGpu) -> Finding {
    let message = format!("the GPU at {} has fallen off the bus", gpu.address);
    Finding::new(GPU_LOST, Severity::Error, message)
        .evidence(format!("/sys/bus/pci/devices/{}/config reads as all ones", gpu.address))
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(
        Remedy::shown(
            "sudo dmesg | grep -i xid, then power-cycle the machine",
            "the GPU comes back after a power cycle, or needs to be replaced",
        )
        .as_root()
        .restarting("the machine"),
    )
}
