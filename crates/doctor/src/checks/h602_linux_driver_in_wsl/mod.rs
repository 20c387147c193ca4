//! H602: is a Linux driver installed in WSL2?

use crate::codes::WSL_LINUX_DRIVER;
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
    let driver = match facts.driver.as_result() {
        Ok(driver) => driver,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let linux: Vec<&String> =
        driver.libraries.iter().filter(|path| !path.starts_with("/usr/lib/wsl/")).collect();
    if linux.is_empty() {
        return Outcome::Fine("none is installed, as it should be".to_owned());
    }
    let message = "a Linux driver is installed in WSL2 and stands before the driver of Windows";
    let finding =
        linux.iter().fold(Finding::new(WSL_LINUX_DRIVER, Severity::Error, message), |finding, path| {
            finding.evidence(format!("{path} is there"))
        });
    Outcome::Found(vec![finding])
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(
        Remedy::shown(
            "dpkg -S libcuda.so libnvidia-ml.so, then remove the packages that it names (libnvidia-compute-*, nvidia-utils-*; not the toolkit)",
            "the Linux driver in WSL",
        )
        .as_root(),
    )
}
