//! H119: does every GPU in MIG mode have instances?

use crate::codes::MIG_STATE;
use crate::facts::{ManagedGpu, Management};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let gpus = match facts.management.as_result() {
        Ok(Management::Answered { gpus, .. }) => gpus,
        Ok(_) => return Outcome::CannotTell("NVML did not answer".to_owned()),
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let on: Vec<&ManagedGpu> = gpus.iter().filter(|gpu| gpu.mig).collect();
    let empty: Vec<&&ManagedGpu> = on.iter().filter(|gpu| gpu.mig_devices == 0).collect();
    match (on.len(), empty.as_slice()) {
        (0, _) => Outcome::DoesNotApply("MIG is off".to_owned()),
        (count, []) => Outcome::Fine(format!("on in {count} GPU(s), each with instances")),
        (_, empty) => Outcome::Found(vec![finding(empty, gpus.len())]),
    }
}

fn finding(empty: &[&&ManagedGpu], all: usize) -> Finding {
    let names: Vec<String> = empty.iter().map(|gpu| format!("/dev/nvidia{}", gpu.minor)).collect();
    let severity = if empty.len() == all { Severity::Error } else { Severity::Warning };
    let message =
        format!("MIG is on in {} and there are no instances: CUDA sees no device there", names.join(", "));
    let proof =
        empty.iter().map(|gpu| format!("{} ({}) has MIG mode on and 0 MIG devices", gpu.address, gpu.name));
    proof.fold(Finding::new(MIG_STATE, severity, message), Finding::evidence)
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(
        Remedy::shown(
            "sudo nvidia-smi mig -cgi PROFILE -C (profiles: nvidia-smi mig -lgip), or sudo nvidia-smi -mig 0",
            "makes instances, or switches MIG off; then CDI specifications have to be made again",
        )
        .as_root()
        .restarting("programs on these GPUs"),
    )
}
