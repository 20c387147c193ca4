//! H105: is another kernel driver bound to a GPU?

use crate::codes::BOUND_ELSEWHERE;
use crate::facts::PciGpu;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let gpus = match facts.gpus.as_result() {
        Ok(gpus) => gpus,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let elsewhere: Vec<&PciGpu> = gpus.iter().filter(|gpu| foreign(gpu).is_some()).collect();
    match (gpus.len(), elsewhere.len()) {
        (0, _) => Outcome::DoesNotApply("there is no GPU to be bound".to_owned()),
        (_, 0) => Outcome::Fine(seen(gpus)),
        (all, some) => {
            let severity = if all == some { Severity::Error } else { Severity::Warning };
            Outcome::Found(vec![finding(&elsewhere, all, severity)])
        }
    }
}

/// The driver that has taken the GPU. A GPU that nothing is bound to is no matter of this check.
fn foreign(gpu: &PciGpu) -> Option<&str> {
    gpu.bound_to.as_deref().filter(|driver| *driver != "nvidia")
}

fn seen(gpus: &[PciGpu]) -> String {
    let bound = gpus.iter().filter(|gpu| gpu.bound_to.is_some()).count();
    format!("nvidia to {bound} of {}, no other driver", gpus.len())
}

fn finding(elsewhere: &[&PciGpu], all: usize, severity: Severity) -> Finding {
    let driver = elsewhere.first().and_then(|gpu| foreign(gpu)).unwrap_or_default();
    let message =
        format!("{} of {all} GPU(s) are bound to `{driver}`, not to the NVIDIA driver", elsewhere.len());
    elsewhere.iter().fold(Finding::new(BOUND_ELSEWHERE, severity, message), |finding, gpu| {
        let driver = foreign(gpu).unwrap_or_default();
        finding.evidence(format!("/sys/bus/pci/devices/{}/driver leads to {driver}", gpu.address))
    })
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let driver = facts.gpus.known()?.iter().find_map(foreign)?;
    Some(if driver == "vfio-pci" {
        Remedy::shown(
            "driverctl unset-override ADDRESS",
            "gives the GPU back to the host; a virtual machine that uses it loses it",
        )
        .as_root()
    } else {
        Remedy::shown(
            format!("echo 'blacklist {driver}' | sudo tee /etc/modprobe.d/blacklist-{driver}.conf && sudo update-initramfs -u && sudo reboot"),
            format!("keeps `{driver}` from taking the GPU; the NVIDIA driver must be installed"),
        )
        .as_root()
        .restarting("the machine")
    })
}
