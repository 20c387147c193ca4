//! H115: does the fabric manager run where there are NVSwitches?

use crate::codes::FABRIC_MANAGER;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let services = match facts.services.as_result() {
        Ok(services) if services.switches == 0 => {
            return Outcome::DoesNotApply("there is no NVSwitch".to_owned());
        }
        Ok(services) => services,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    if facts.driver.known().is_some_and(|driver| !driver.loaded) {
        return Outcome::DoesNotApply("without a module it has nothing to do".to_owned());
    }
    match services.fabric_manager {
        Some(true) => Outcome::Fine(format!("runs, for {} NVSwitch(es)", services.switches)),
        None => Outcome::CannotTell("processes of other users cannot be seen".to_owned()),
        Some(false) => {
            let message = "the fabric manager does not run: CUDA will say `system not yet initialized` (802) although nvidia-smi works";
            let installed = services.fabric_manager_program.as_deref().unwrap_or("not installed");
            let finding = Finding::new(FABRIC_MANAGER, Severity::Error, message)
                .evidence(format!(
                    "{} NVSwitch(es) on the PCI bus, no process nv-fabricmanager",
                    services.switches
                ))
                .evidence(format!("nv-fabricmanager: {installed}"));
            Outcome::Found(vec![finding])
        }
    }
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let installed = facts.services.known()?.fabric_manager_program.is_some();
    Some(if installed {
        Remedy::asking("sudo systemctl enable --now nvidia-fabricmanager", "starts it, now and at boot")
            .as_root()
            .restarting("nothing that runs")
    } else {
        Remedy::shown(
            "install nvidia-fabricmanager in the version of the driver, then systemctl enable --now nvidia-fabricmanager",
            "adds the program that connects the GPUs",
        )
        .as_root()
    })
}
