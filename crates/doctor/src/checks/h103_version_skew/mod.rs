//! H103: do kernel module and user space libraries have the same version?

use crate::codes::VERSION_SKEW;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let driver = match facts.driver.as_result() {
        Ok(driver) => driver,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let Some(module) = driver.module_version.as_deref() else {
        return Outcome::DoesNotApply("no kernel module to compare with".to_owned());
    };
    let versions = driver.library_versions();
    if versions.is_empty() && !driver.other_roots.is_empty() {
        return Outcome::DoesNotApply("the libraries are in another root".to_owned());
    }
    if versions.is_empty() {
        return Outcome::Found(vec![without_libraries(module)]);
    }
    if versions.contains(&module) && without_cuda(&driver.libraries, module) {
        return Outcome::Found(vec![half(module)]);
    }
    if versions.contains(&module) {
        return Outcome::Fine(format!("libraries {}", versions.join(", ")));
    }
    let message = format!(
        "the loaded kernel module is {module}, but the installed libraries are {}",
        versions.join(", ")
    );
    let finding = Finding::new(VERSION_SKEW, Severity::Error, message)
        .evidence(format!("/proc/driver/nvidia/version says {module}"));
    Outcome::Found(vec![
        driver.libraries.iter().take(2).fold(finding, |finding, path| finding.evidence(path.clone())),
    ])
}

/// Whether of the two libraries that every driver has only NVML's is there.
fn without_cuda(libraries: &[String], module: &str) -> bool {
    let has = |name: &str| libraries.iter().any(|path| path.ends_with(&format!("/{name}.so.{module}")));
    has("libnvidia-ml") && !has("libcuda")
}

fn half(module: &str) -> Finding {
    let message =
        format!("libcuda.so.{module} is not installed: nvidia-smi works, CUDA in containers does not");
    Finding::new(VERSION_SKEW, Severity::Error, message)
        .evidence(format!("libnvidia-ml.so.{module} is there, libcuda.so.{module} is in no usual directory and not in the loader cache"))
}

fn without_libraries(module: &str) -> Finding {
    let message = format!("kernel module {module} is loaded, but its user space libraries are not installed");
    Finding::new(VERSION_SKEW, Severity::Error, message)
        .evidence("neither the loader cache nor the usual directories have libcuda.so.<version> or libnvidia-ml.so.<version>")
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let driver = facts.driver.known()?;
    let module = driver.module_version.as_deref().unwrap_or_default();
    if without_cuda(&driver.libraries, module) {
        let command = format!(
            "install libcuda of driver {module} (Debian: libcuda1, Ubuntu: libnvidia-compute, Fedora: nvidia-driver-cuda)"
        );
        return Some(Remedy::shown(command, "installs libcuda").as_root());
    }
    Some(if driver.library_versions().is_empty() {
        let version = driver.module_version.as_deref().unwrap_or_default();
        Remedy::shown(
            format!("install the user space packages of driver {version}"),
            "installs libcuda and libnvidia-ml",
        )
        .as_root()
    } else {
        Remedy::shown("sudo reboot", "loads the module that belongs to the installed libraries")
            .as_root()
            .restarting("the machine")
    })
}
