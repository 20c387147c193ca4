//! The sweep itself.

use crate::codes;
use crate::configs;
use crate::files;
use crate::gpus;
use crate::judge::judge;
use crate::libraries;
use crate::mig;
use crate::nodes;
use crate::options::Options;
use crate::platform;
use crate::snapshot;
use crate::survey::Survey;
use crate::tegra;
use crate::wsl;
use diag::{Finding, Severity};
use driver::{Driver, NvmlSnapshot, Platform};
use formats::procfs;
use host::Host;
use std::collections::BTreeSet;

/// Looks at a machine once: its driver, and what is wrong with it. Broken input is data: this never
/// fails, and one bad GPU does not cost the others.
///
/// With a `snapshot`, memory, compute capability, CUDA version and MIG come from NVML, and GPUs that
/// it does not report are left out.
#[must_use]
pub fn sweep(host: &Host, options: &Options, snapshot: Option<&NvmlSnapshot>) -> (Driver, Vec<Finding>) {
    let swept = sweep_watched(host, options, snapshot);
    (swept.driver, swept.findings)
}

/// What a sweep found, and the directories whose changes make it doubtful.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    pub(crate) driver: Driver,
    pub(crate) findings: Vec<Finding>,
    pub(crate) watched: BTreeSet<String>,
}

pub(crate) fn sweep_watched(host: &Host, options: &Options, snapshot: Option<&NvmlSnapshot>) -> Swept {
    let mut survey = match Survey::new(host, options) {
        Ok(survey) => survey,
        Err(failure) => return unreachable_root(options, &failure),
    };
    let (mut driver, mut findings) = kernel_side(&survey);
    driver.platform = platform::of(&survey, &driver.gpus, snapshot);
    match driver.platform {
        Platform::Pci => {
            findings.extend(user_side(&mut survey, &mut driver));
            if let Some(snapshot) = snapshot {
                findings.extend(snapshot::merge(&survey, &mut driver, snapshot));
            }
        }
        Platform::Tegra => findings = tegra::complete(&mut survey, &mut driver, snapshot),
        Platform::Wsl => findings = wsl::complete(&mut survey, &mut driver),
    }
    if let Some(snapshot) = snapshot.filter(|_| driver.platform != Platform::Pci) {
        driver.cuda = snapshot.cuda;
        driver.version = Some(snapshot.driver_version.clone());
    }
    findings.extend(judge(&driver));
    Swept { driver, findings, watched: survey.into_watched() }
}

fn unreachable_root(options: &Options, failure: &diag::Failure) -> Swept {
    let message = format!("the driver root `{}` cannot be reached", options.driver_root);
    let finding = Finding::new(codes::NO_LIBRARIES, Severity::Error, message).evidence(failure.chain());
    Swept { findings: vec![finding], ..Swept::default() }
}

/// What the kernel tells, and the nodes for it.
fn kernel_side(survey: &Survey<'_>) -> (Driver, Vec<Finding>) {
    let text = |path: &str| survey.machine.read_text_optional(path).ok().flatten().unwrap_or_default();
    let (gpus, mut findings) = gpus::find(survey);
    let (mig_config, mig_monitor) = mig::of_system(survey);
    let driver = Driver {
        root: survey.options.driver_root.clone(),
        dev_root: survey.options.dev_root.clone(),
        module_version: module_version(survey.machine),
        modifies_device_files: procfs::params(&text("/proc/driver/nvidia/params")).modify_device_files()
            == Some(true),
        gpus,
        mig_config,
        mig_monitor,
        control_nodes: nodes::control(survey),
        ..Driver::default()
    };
    findings.extend(nodes::stale(&driver, &procfs::devices(&text("/proc/devices"))));
    (driver, findings)
}

/// The driver's files.
fn user_side(survey: &mut Survey<'_>, driver: &mut Driver) -> Vec<Finding> {
    let found = libraries::find(survey, driver.module_version.as_deref());
    if let Some(version) = &found.version {
        driver.firmware = files::firmware(survey, version);
        driver.xorg = files::xorg(survey, &found.directories, version);
    }
    driver.version = found.version;
    driver.libraries = found.libraries;
    driver.binaries = files::programs(survey);
    driver.sockets = files::sockets(survey);
    driver.configs = configs::find(survey);
    found.findings
}

/// Version of the loaded kernel module; `None` when none is loaded.
pub(crate) fn module_version(machine: &Host) -> Option<String> {
    let text = |path: &str| machine.read_text_optional(path).ok().flatten();
    text("/proc/driver/nvidia/version")
        .and_then(|text| procfs::driver_version(&text))
        .or_else(|| Some(text("/sys/module/nvidia/version")?.trim().to_owned()))
        .filter(|version| !version.is_empty())
}
