//! Whether the driver can be used at all, told from what was found of it, in the words by which people
//! and programs know these states.

use crate::codes;
use diag::{Failure, Result};
use driver::{Driver, Platform};
use host::{Host, Kind};

/// Fails with the cause when no container can use the driver.
pub fn initialization(driver: &Driver) -> Result<()> {
    if driver.platform != Platform::Pci {
        return Ok(());
    }
    if driver.libraries.is_empty() && driver.version.is_none() {
        let missing = "load library failed: libnvidia-ml.so.1: cannot open shared object file: no such file or directory";
        return Err(failed(
            inject::codes::NO_DRIVER,
            missing,
            &format!(
                "no NVIDIA driver libraries were found below {}; install the driver, then `longshore doctor` says what is missing",
                driver.root
            ),
        ));
    }
    match (driver.module_version.as_deref(), driver.version.as_deref()) {
        (None, _) if driver.gpus.is_empty() => Err(failed(
            codes::DRIVER_NOT_LOADED,
            "nvml error: driver not loaded",
            "the NVIDIA kernel module is not loaded; `modprobe nvidia` loads it, and `dmesg` says why if that fails",
        )),
        (Some(module), Some(libraries)) if module != libraries => Err(failed(
            codes::DRIVER_MISMATCH,
            "nvml error: driver/library version mismatch",
            &format!(
                "the kernel module is {module}, the libraries are {libraries}; reboot, or stop all that uses the GPU and reload the kernel modules"
            ),
        )),
        _ => Ok(()),
    }
}

/// Fails when the directory in which the driver is to be looked for does not exist.
///
/// # Errors
/// As it says.
pub fn check_root(host: &Host, root: &str) -> Result<()> {
    let is_there =
        root.is_empty() || root == "/" || host.stat(root)?.is_some_and(|stat| stat.kind == Kind::Directory);
    if is_there {
        return Ok(());
    }
    Err(failed(
        inject::codes::NO_DRIVER,
        "change root failed: no such file or directory",
        &format!(
            "the driver is looked for below {root}, which is no directory: nvidia-container-cli.root in config.toml or --root names it; a driver container may not be up yet"
        ),
    ))
}

fn failed(code: diag::Code, what: &str, hint: &str) -> Failure {
    Failure::coded(code, format!("initialization error: {what}")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use driver::{Gpu, Library};

    #[test]
    fn every_state_of_a_driver_has_its_known_words() {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let driver = |module: &str, libraries: &str, gpus: usize| Driver {
            root: "/".to_owned(),
            module_version: text(module),
            version: text(libraries),
            libraries: vec![Library::default(); usize::from(!libraries.is_empty())],
            gpus: vec![Gpu::default(); gpus],
            ..Driver::default()
        };
        let table = [
            (driver("580.95.05", "580.95.05", 8), ""),
            (driver("580.95.05", "580.95.05", 0), ""),
            // procfs of the driver may be hidden.
            (driver("", "580.95.05", 1), ""),
            (
                driver("580.95.05", "", 8),
                "initialization error: load library failed: libnvidia-ml.so.1: cannot open shared object file: no such file or directory",
            ),
            (driver("", "580.95.05", 0), "initialization error: nvml error: driver not loaded"),
            (
                driver("580.95.05", "570.1", 8),
                "initialization error: nvml error: driver/library version mismatch",
            ),
        ];
        for (driver, expected) in table {
            let said = initialization(&driver).err().map(|failure| failure.chain()).unwrap_or_default();
            assert_eq!(said, expected, "{driver:?}");
        }
        let told = check_root(&Host::at("/nonexistent"), "/run/nvidia/driver").unwrap_err();
        assert_eq!(told.message(), "initialization error: change root failed: no such file or directory");
        assert!(check_root(&Host::at("/nonexistent"), "/").is_ok());
        let wsl = Driver { platform: Platform::Wsl, ..driver("", "", 0) };
        assert!(initialization(&wsl).is_ok());
    }
}
