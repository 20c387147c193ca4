//! H102: is the NVIDIA kernel module loaded?

use crate::codes::MODULE_LOADED;
use crate::facts::{DriverFiles, ModuleFlavour, Platform};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    if facts.machine.known().is_some_and(|machine| machine.platform == Platform::Wsl2) {
        return Outcome::DoesNotApply("WSL2 uses the driver of Windows".to_owned());
    }
    match facts.driver.as_result() {
        Err(reason) => Outcome::CannotTell(reason.to_string()),
        Ok(driver) if driver.loaded => Outcome::Fine(loaded(driver)),
        Ok(_) if facts.gpus.known().is_some_and(Vec::is_empty) => {
            Outcome::DoesNotApply("without a GPU there is no module to load".to_owned())
        }
        Ok(driver) => Outcome::Found(vec![not_loaded(facts, driver)]),
    }
}

fn loaded(driver: &DriverFiles) -> String {
    let version = driver.module_version.as_deref().unwrap_or("of unknown version");
    match driver.flavour {
        Some(ModuleFlavour::Open) => format!("nvidia {version} (open) is loaded"),
        Some(ModuleFlavour::Proprietary) => format!("nvidia {version} (proprietary) is loaded"),
        None => format!("nvidia {version} is loaded"),
    }
}

fn not_loaded(facts: &Facts, driver: &DriverFiles) -> Finding {
    let message = match driver.built_for_kernel {
        _ if refused(facts, UNSIGNED) => {
            "the kernel refused the NVIDIA module: Secure Boot takes only a module that is signed with a known key"
        }
        _ if refused(facts, &["NVIDIA open kernel modules"]) => {
            "this GPU needs NVIDIA's open kernel module, and the proprietary one is installed"
        }
        _ if refused(facts, &["Legacy drivers"]) => {
            "this GPU is no longer supported by the driver that is installed"
        }
        Some(false) if !driver.libraries.is_empty() => {
            "the NVIDIA driver is installed, but there is no module `nvidia` for the running kernel"
        }
        Some(true) => "the NVIDIA kernel module is installed but not loaded",
        _ => "no NVIDIA driver is loaded",
    };
    let kernel = facts.machine.known().map_or("", |machine| machine.kernel.as_str());
    let list = match driver.built_for_kernel {
        Some(true) => format!("/lib/modules/{kernel}/modules.dep lists nvidia.ko"),
        Some(false) => format!("/lib/modules/{kernel}/modules.dep lists no nvidia.ko"),
        None => format!("there is no /lib/modules/{kernel}/modules.dep"),
    };
    let refusals = facts.kernel_log.known().map(|log| log.refusals.as_slice()).unwrap_or_default();
    let finding = Finding::new(MODULE_LOADED, Severity::Error, message);
    let finding =
        refusals.iter().take(3).fold(finding, |finding, line| finding.evidence(format!("kernel: {line}")));
    finding
        .evidence("there is neither /proc/driver/nvidia/version nor /sys/module/nvidia")
        .evidence(list)
        .evidence(format!("versions of libcuda and libnvidia-ml: {}", versions(driver)))
}

/// What the kernel says when it takes no module without a signature.
const UNSIGNED: &[&str] =
    &["Key was rejected by service", "Loading of unsigned module is rejected", "Lockdown: modprobe"];

fn refused(facts: &Facts, words: &[&str]) -> bool {
    facts.kernel_log.known().is_some_and(|log| words.iter().any(|words| log.line_with(words).is_some()))
}

fn versions(driver: &DriverFiles) -> String {
    match driver.library_versions() {
        versions if versions.is_empty() => "none installed".to_owned(),
        versions => versions.join(", "),
    }
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let then = "; the guest needs the same version's libraries, without a module";
    Some(of_this_machine(facts, facts.driver.known()?).on_the_host(facts, then))
}

fn of_this_machine(facts: &Facts, driver: &DriverFiles) -> Remedy {
    match (
            driver.built_for_kernel,
            facts.machine.known().and_then(|machine| machine.distribution.as_deref()),
        ) {
            _ if refused(facts, UNSIGNED) => Remedy::shown(
                "sudo mokutil --import /var/lib/dkms/mok.pub && sudo reboot  (enrol the key at the blue screen), or install the distribution's signed modules",
                "the keys that Secure Boot takes",
            )
            .as_root()
            .restarting("the machine"),
            _ if refused(facts, &["NVIDIA open kernel modules"]) => {
                Remedy::shown("install the open variant of the driver (package nvidia-driver-VERSION-open or nvidia-open)", "the kernel module")
                    .as_root()
                    .restarting("the machine")
            }
            (Some(true), _) => Remedy::asking(
                "sudo modprobe nvidia",
                "loads the module; when it is refused, `sudo dmesg | grep -i nvrm` says why",
            )
            .as_root(),
            (_, Some("ubuntu")) => Remedy::shown(
                "sudo ubuntu-drivers install && sudo reboot",
                "installs the driver that fits this GPU",
            )
            .as_root()
            .restarting("the machine"),
            (_, Some("debian")) => Remedy::shown(
                "sudo apt-get install linux-headers-amd64 nvidia-driver && sudo reboot",
                "installs the driver (component non-free)",
            )
            .as_root()
            .restarting("the machine"),
            _ => Remedy::shown(
                "install the NVIDIA driver package of this distribution, then reboot",
                "installs the driver",
            )
            .as_root()
            .restarting("the machine"),
        }
}
