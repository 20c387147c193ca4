//! H601: does WSL2 show the driver of Windows?

use crate::codes::WSL_DRIVER;
use crate::facts::Platform;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    match facts.machine.as_result() {
        Ok(machine) if machine.platform != Platform::Wsl2 => {
            return Outcome::DoesNotApply("this is not WSL2".to_owned());
        }
        Ok(_) => {}
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    }
    let (nodes, driver) = match (facts.nodes.as_result(), facts.driver.as_result()) {
        (Ok(nodes), Ok(driver)) => (nodes, driver),
        (Err(reason), _) | (_, Err(reason)) => return Outcome::CannotTell(reason.to_string()),
    };
    let message = match (nodes.dxg, driver.in_wsl) {
        (true, true) => return Outcome::Fine("/dev/dxg and /usr/lib/wsl/lib are there".to_owned()),
        (false, _) => "WSL2 shows no GPU: /dev/dxg is not there",
        (true, false) => "WSL2 does not show the driver of Windows: /usr/lib/wsl/lib has no libcuda.so.1",
    };
    let finding = Finding::new(WSL_DRIVER, Severity::Error, message)
        .evidence(format!("/dev/dxg: {}, /usr/lib/wsl/lib/libcuda.so.1: {}", nodes.dxg, driver.in_wsl));
    Outcome::Found(vec![finding])
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(
        Remedy::shown(
            "in Windows: install the current NVIDIA driver, then `wsl --update` and `wsl --shutdown`",
            "the driver of Windows and WSL's kernel",
        )
        .restarting("all WSL distributions"),
    )
}
