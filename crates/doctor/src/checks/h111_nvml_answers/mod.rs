//! H111: does the driver's management library answer?

use crate::codes::NVML;
use crate::facts::{Management, Platform};
use crate::serving;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    if facts.machine.known().is_some_and(|machine| machine.platform == Platform::Tegra) {
        return Outcome::DoesNotApply("a Tegra has no NVML of its own kind".to_owned());
    }
    if facts.driver.known().is_some_and(|driver| !driver.loaded && !driver.in_wsl) {
        return Outcome::DoesNotApply("without a module there is nothing to ask".to_owned());
    }
    match facts.management.as_result() {
        Err(reason) => Outcome::CannotTell(reason.to_string()),
        Ok(Management::Answered { driver, cuda, gpus }) => {
            answered(facts, driver, cuda.as_deref(), gpus.len())
        }
        Ok(Management::Hung(after)) => hung(facts, *after),
        Ok(Management::Refused { code: NO_PERMISSION, .. }) if is_only_the_caller(facts) => {
            Outcome::CannotTell("this user may not open the driver's nodes".to_owned())
        }
        Ok(Management::Refused { code, text }) => {
            broken(&format!("NVML says: {text}"), &format!("nvmlInit returned {code}"))
        }
        Ok(Management::NotFound(_)) if let Some(path) = elsewhere(facts) => {
            Outcome::DoesNotApply(format!("the loader of this system does not look where it is: {path}"))
        }
        Ok(Management::NotFound(text)) => {
            broken("the driver's library libnvidia-ml.so.1 cannot be loaded", text)
        }
        Ok(Management::Crashed(signal)) => {
            broken("NVML crashes", &format!("signal {signal} ended the process that asked it"))
        }
    }
}

/// Where NVML is, when that is no place of this system's loader: a driver container, NixOS.
fn elsewhere(facts: &Facts) -> Option<&str> {
    let driver = facts.driver.known()?;
    let in_nix = |path: &&String| path.starts_with("/run/opengl-driver/") || path.starts_with("/nix/store/");
    let nixos = driver.libraries.iter().find(in_nix);
    nixos.or(driver.other_roots.first()).map(String::as_str)
}

/// `NVML_ERROR_NO_PERMISSION`.
const NO_PERMISSION: u32 = 4;

/// Whether the engine runs as root and only the caller is refused.
fn is_only_the_caller(facts: &Facts) -> bool {
    facts.caller.known().is_some_and(|caller| !caller.is_root()) && !serving::is_rootless(facts)
}

fn answered(facts: &Facts, driver: &str, cuda: Option<&str>, count: usize) -> Outcome {
    let on_bus = facts
        .gpus
        .known()
        .map_or(0, |gpus| gpus.iter().filter(|gpu| gpu.bound_to.as_deref() == Some("nvidia")).count());
    if count < on_bus {
        let message = format!("NVML shows {count} of the {on_bus} GPUs that the driver has");
        let finding = Finding::new(NVML, Severity::Error, message)
            .evidence(format!("{on_bus} devices in /sys/bus/pci are bound to nvidia, NVML counts {count}"));
        return Outcome::Found(vec![
            finding.help("sudo dmesg | grep -iE 'nvrm|xid' says what happened to the others"),
        ]);
    }
    let cuda = cuda.map_or(String::new(), |cuda| format!(", CUDA {cuda}"));
    Outcome::Fine(format!("driver {driver}{cuda}, {count} GPU(s)"))
}

fn broken(message: &str, proof: &str) -> Outcome {
    Outcome::Found(vec![Finding::new(NVML, Severity::Error, message).evidence(proof)])
}

/// A first start without a persistence daemon initialises every GPU and may take seconds; with one,
/// or with few GPUs, silence is a fault.
fn hung(facts: &Facts, after: u64) -> Outcome {
    let persistent = facts.services.known().is_some_and(|services| services.persistence);
    let few = facts.gpus.known().is_some_and(|gpus| gpus.len() <= 2);
    if !persistent && !few {
        return Outcome::CannotTell(format!(
            "NVML gave no answer within {after} ms; without nvidia-persistenced it may only be slow"
        ));
    }
    broken(
        &format!("the driver does not answer: NVML gave nothing within {after} ms"),
        "the process that asked it was killed at its deadline",
    )
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    if let Ok(Management::NotFound(_)) = facts.management.as_result() {
        let version = facts.driver.known().and_then(|driver| driver.module_version.clone());
        let of = version.map_or(String::new(), |version| format!(" {version}, the loaded module's version"));
        let command =
            format!("install the driver's package with libnvidia-ml.so.1 again{of}; then sudo ldconfig");
        return Some(Remedy::shown(command, "the driver's libraries on the host").as_root());
    }
    Some(
        Remedy::shown(
            "sudo dmesg | grep -iE 'nvrm|xid'",
            "nothing; it shows what the driver has against its GPUs. A reset or a reboot comes after that",
        )
        .as_root(),
    )
}
