//! What is wrong with a driver, told from its value alone: one finding for one cause.

use crate::codes;
use diag::{Finding, Severity};
use driver::{Driver, Gpu, Platform};

/// Judges a driver as found: what it lacks that GPU containers need. Consequences of a cause that is
/// told already are left out. Optional files that are missing are no finding.
#[must_use]
pub fn judge(driver: &Driver) -> Vec<Finding> {
    match driver.platform {
        Platform::Pci => judge_pci(driver),
        Platform::Tegra => {
            [no_node(driver, "the nodes that the mount lists name are not there"), no_files(driver)]
                .into_iter()
                .flatten()
                .collect()
        }
        Platform::Wsl => no_node(driver, "`/dev/dxg` is missing").into_iter().collect(),
    }
}

/// No way to reach a GPU that is not on the PCI bus.
fn no_node(driver: &Driver, what: &str) -> Option<Finding> {
    let help = match driver.platform {
        Platform::Wsl => "install a current NVIDIA driver in Windows and update WSL (`wsl --update`)",
        _ => {
            "the kernel of the board support package must be running: `dmesg` shows whether `nvgpu` was loaded"
        }
    };
    (!driver.gpus.iter().any(Gpu::has_node)).then(|| {
        Finding::new(codes::NO_DEVICE_NODE, Severity::Error, format!("{what}: no GPU can be reached"))
            .help(help)
    })
}

fn no_files(driver: &Driver) -> Option<Finding> {
    driver.libraries.is_empty().then(|| {
        Finding::new(
            codes::NO_LIBRARIES,
            Severity::Error,
            "none of the libraries that the mount lists name are there",
        )
        .help("install the driver packages of JetPack that belong to the running kernel")
    })
}

fn judge_pci(driver: &Driver) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        [no_libraries(driver), no_libcuda(driver), version_skew(driver)].into_iter().flatten().collect();
    if driver.module_version.is_none() && driver.gpus.is_empty() {
        findings.insert(0, module_not_loaded());
        return findings;
    }
    if driver.gpus.is_empty() {
        findings.push(no_gpu());
    }
    let missing =
        [gpu_nodes(driver), control_node(driver), uvm_nodes(driver), unknown_uuids(driver), mig(driver)];
    findings.extend(missing.into_iter().flatten());
    findings
}

fn module_not_loaded() -> Finding {
    Finding::new(codes::MODULE_NOT_LOADED, Severity::Error, "the NVIDIA kernel module is not loaded")
        .evidence("neither /proc/driver/nvidia/version nor /sys/module/nvidia/version exists")
        .help("run `modprobe nvidia`; if that fails, `dmesg` says why")
        .help("on a machine without an NVIDIA driver, install one from the distribution")
}

fn no_libraries(driver: &Driver) -> Option<Finding> {
    if driver.libraries.iter().any(|library| library.bits == 64) {
        return None;
    }
    let place = if driver.root == "/" { String::new() } else { format!(" below `{}`", driver.root) };
    Some(
        Finding::new(
            codes::NO_LIBRARIES,
            Severity::Error,
            format!("the driver's libraries are not there{place}"),
        )
        .evidence("no `libcuda.so.<version>` and no `libnvidia-ml.so.<version>` in the library directories")
        .help("install the user space part of the driver, in the version of the kernel module"),
    )
}

fn no_libcuda(driver: &Driver) -> Option<Finding> {
    let is_cuda = |path: &str| path.rsplit('/').next().is_some_and(|name| name.starts_with("libcuda.so."));
    if driver.libraries.is_empty()
        || driver.libraries.iter().any(|library| is_cuda(&library.file.container_path))
    {
        return None;
    }
    let version = driver.version.as_deref().unwrap_or("<version>");
    Some(
        Finding::new(codes::NO_LIBCUDA, Severity::Error, format!("`libcuda.so.{version}` is missing: CUDA cannot work"))
            .evidence("other libraries of the driver are there")
            .help("install the compute libraries of the driver (Debian: `libcuda1`, Ubuntu: `libnvidia-compute-<branch>`)"),
    )
}

fn version_skew(driver: &Driver) -> Option<Finding> {
    let (module, libraries) = (driver.module_version.as_deref()?, driver.version.as_deref()?);
    if module == libraries {
        return None;
    }
    let message = format!(
        "the kernel module is version `{module}`, the libraries are `{libraries}`: nothing that uses the GPU will start"
    );
    Some(
        Finding::new(codes::VERSION_SKEW, Severity::Error, message)
            .evidence("the driver was updated while its kernel module stayed loaded")
            .help("reboot, or stop all programs that use the GPU and reload the kernel modules"),
    )
}

fn no_gpu() -> Finding {
    Finding::new(codes::NO_GPU, Severity::Error, "the kernel module is loaded but has no GPU")
        .evidence("/proc/driver/nvidia/gpus is empty")
        .help("`lspci -d 10de:` shows whether the machine sees a GPU, and `dmesg` why the driver does not take it")
}

fn gpu_nodes(driver: &Driver) -> Option<Finding> {
    let missing: Vec<&Gpu> = driver.gpus.iter().filter(|gpu| gpu.node.is_none()).collect();
    let names: Vec<String> = missing.iter().map(|gpu| format!("`/dev/nvidia{}`", gpu.minor)).collect();
    let first = missing.first()?;
    let message = format!("{} {} missing", names.join(", "), if names.len() == 1 { "is" } else { "are" });
    Some(
        Finding::new(codes::GPU_NODE_MISSING, Severity::Error, message)
            .evidence(format!("the kernel module has a GPU with minor {} at {}", first.minor, first.bus_id))
            .help(format!("run `nvidia-modprobe -c {}` or `nvidia-smi` on the host", first.minor)),
    )
}

fn has_node(driver: &Driver, path: &str) -> bool {
    driver.control_nodes.iter().any(|node| node.path == path)
}

fn control_node(driver: &Driver) -> Option<Finding> {
    (!has_node(driver, "/dev/nvidiactl")).then(|| {
        Finding::new(
            codes::CONTROL_NODE_MISSING,
            Severity::Error,
            "`/dev/nvidiactl` is missing: nothing that uses the GPU will start",
        )
        .help("run `nvidia-modprobe` or `nvidia-smi` on the host")
    })
}

fn uvm_nodes(driver: &Driver) -> Option<Finding> {
    let paths = ["/dev/nvidia-uvm", "/dev/nvidia-uvm-tools"];
    let missing: Vec<String> =
        paths.iter().filter(|path| !has_node(driver, path)).map(|path| format!("`{path}`")).collect();
    let severity = if has_node(driver, paths[0]) { Severity::Warning } else { Severity::Error };
    let needed_by = if severity == Severity::Error {
        "CUDA cannot work"
    } else {
        "CUDA debuggers and profilers cannot work"
    };
    (!missing.is_empty()).then(|| {
        let message = format!(
            "{} {} missing: {needed_by}",
            missing.join(", "),
            if missing.len() == 1 { "is" } else { "are" }
        );
        Finding::new(codes::UVM_NODE_MISSING, severity, message)
            .evidence("the kernel module `nvidia-uvm` is not loaded, or its nodes were not made")
            .help("run `nvidia-modprobe -u -c 0` on the host")
    })
}

fn unknown_uuids(driver: &Driver) -> Option<Finding> {
    let count = driver.gpus.iter().filter(|gpu| gpu.uuid.is_none()).count();
    (count > 0).then(|| {
        let message =
            format!("the UUIDs of {count} GPUs are not known yet: nothing has used them since boot");
        Finding::new(codes::UUID_UNKNOWN, Severity::Note, message)
            .help("run `nvidia-smi` once, or enable `nvidia-persistenced`")
    })
}

fn mig(driver: &Driver) -> Option<Finding> {
    let unclear = |gpu: &&Gpu| gpu.mig_enabled && gpu.mig.iter().any(|mig| mig.uuid.is_none());
    let gpus: Vec<&str> = driver.gpus.iter().filter(unclear).map(|gpu| gpu.bus_id.as_str()).collect();
    (!gpus.is_empty()).then(|| {
        let message = "MIG is on, and the UUIDs of its devices are not known without NVML";
        Finding::new(codes::MIG_NEEDS_NVML, Severity::Warning, message)
            .evidence(format!("GPUs with MIG instances: {}", gpus.join(", ")))
            .help("choose MIG devices by index (`0:1`), or use a CDI specification written by `nvidia-ctk cdi generate`")
    })
}
