//! A real user space of the driver as a driver root, beside a simulated kernel module of its version:
//! everything of it comes, and in a container the real programs load the real libraries.

use super::bundle::{self, Bundle};
use super::check::Ledger;
use super::stale_cases::FUNCTIONS;
use super::{Job, install};
use crate::exec::{capture, command, output};
use diag::{Failure, Result, ResultExt};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A user space.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct DriverRoot {
    /// Its tree.
    pub(crate) tree: PathBuf,
    /// The loader's name of its architecture.
    pub(crate) triplet: String,
    /// Whether its programs run on this machine.
    pub(crate) runs: bool,
}

const SPECIFICATION: &str = "/etc/cdi/nvidia.yaml";
/// The version of the simulated kernel module before it gets that of the user space.
const SIMULATED: &str = "580.95.05";

/// Runs all cases.
pub(super) fn run(job: &Job, root: &DriverRoot) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    install(job)?;
    let version = version(root)?;
    let engine = format!("driver {version} {}", root.triplet);
    capture(&mut command(["sh", "-c", &format!("{FUNCTIONS}module {SIMULATED} {version}")]))?;
    ledger.check(&engine, "a specification is made, in one line", || generate(root))?;
    ledger.check(&engine, "it is valid, and every path of it is there", || {
        capture(&mut command(["longshore", "cdi", "validate", SPECIFICATION])).map(drop)
    })?;
    ledger.check(&engine, "no library of the driver is left out", || libraries(root, &version))?;
    ledger.check(&engine, "firmware, programs and files for loaders come too", || others(root, &version))?;
    if root.runs {
        ledger.check(&engine, "in a container nvidia-smi loads the driver's libraries", || container(job))?;
    }
    Ok(())
}

/// The version in the name of `libcuda.so.*`.
fn version(root: &DriverRoot) -> Result<String> {
    let folder = root.tree.join("usr/lib").join(&root.triplet).join("nvidia/current");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let versions = names.filter_map(|name| Some(name.strip_prefix("libcuda.so.")?.to_owned()));
    versions.into_iter().find(|text| text.contains('.')).ok_or_else(|| Failure::new("there is no libcuda"))
}

fn generate(root: &DriverRoot) -> Result<()> {
    let mut generate = command(["longshore", "cdi", "generate", "--dev-root=/", "--output", SPECIFICATION]);
    let ended = output(generate.arg("--driver-root").arg(&root.tree))?;
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    if ended.status.success() && said.lines().count() == 1 {
        return Ok(());
    }
    Err(Failure::new(format!("{} and {said}", ended.status)))
}

/// The paths in containers of everything that the specification mounts.
fn mounted() -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(SPECIFICATION).context("cannot read the specification")?;
    let paths =
        text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("containerPath: "));
    Ok(paths.map(str::to_owned).collect())
}

fn libraries(root: &DriverRoot, version: &str) -> Result<()> {
    let mounted = mounted()?;
    let base = root.tree.join("usr/lib").join(&root.triplet);
    let mut missing = Vec::new();
    let mut count = 0;
    for folder in [base.clone(), base.join("nvidia/current")] {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries.filter_map(std::result::Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.ends_with(&format!(".so.{version}")) || !entry.path().is_file() {
                continue;
            }
            count += 1;
            let inside = entry.path().strip_prefix(&root.tree).map(|path| Path::new("/").join(path));
            let inside = inside.map(|path| path.display().to_string()).unwrap_or_default();
            if !mounted.contains(&inside) {
                missing.push(inside);
            }
        }
    }
    if missing.is_empty() && count > 20 {
        return Ok(());
    }
    Err(Failure::new(format!("{count} libraries, of which are left out: {}", missing.join(", "))))
}

fn others(root: &DriverRoot, version: &str) -> Result<()> {
    let mounted = mounted()?;
    let wanted = [
        "/usr/bin/nvidia-smi".to_owned(),
        "/etc/OpenCL/vendors/nvidia.icd".to_owned(),
        "/etc/vulkan/icd.d/nvidia_icd.json".to_owned(),
        "/usr/share/glvnd/egl_vendor.d/10_nvidia.json".to_owned(),
        format!("/lib/firmware/nvidia/{version}/gsp_ga10x.bin"),
        format!("/lib/firmware/nvidia/{version}/gsp_tu10x.bin"),
    ];
    let missing: Vec<&String> = wanted.iter().filter(|path| !mounted.contains(*path)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("{missing:?} of {} are left out", root.tree.display())))
}

/// The real `nvidia-smi` finds the real NVML, which finds no kernel module: it says so and ends with 9.
fn container(job: &Job) -> Result<()> {
    let script = "nvidia-smi; echo $?";
    let bundle = Bundle::make(job, "user-space", &["sh", "-c", script], &[])?;
    let folder = bundle.path.display().to_string();
    let words =
        ["longshore", "cdi", "apply", SPECIFICATION, "--device", "nvidia.com/gpu=0", "--bundle", &folder];
    capture(&mut command(words))?;
    let shown = bundle::run(Path::new("/usr/bin/runc"), &bundle, "user-space")?;
    bundle.discard()?;
    // Without its library it would say that it cannot find `libnvidia-ml.so`.
    if shown.contains("communicate with the NVIDIA driver") && shown.trim_end().ends_with('9') {
        return Ok(());
    }
    Err(Failure::new(format!("the container shows\n{shown}")))
}
