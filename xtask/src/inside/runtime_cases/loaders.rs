//! The loaders of Vulkan and OpenCL, as Debian has them, in a container: with the capability they open the
//! driver's libraries, without it they do not. The host's own files for them are taken away in half of
//! the cases, so that the container's are made.

use super::super::bundle::{self, Bundle};
use super::super::{Job, scratch};
use super::settings;
use crate::exec::{capture, command};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::{Path, PathBuf};

/// Program, capabilities, the library that its loader opens or not.
const CASES: &[(&str, &str, &str, bool)] = &[
    ("vulkaninfo --summary", "graphics", "libGLX_nvidia.so.0", true),
    ("vulkaninfo --summary", "compute,utility", "libGLX_nvidia.so.0", false),
    ("clinfo", "compute", "libnvidia-opencl.so.1", true),
    ("clinfo", "utility,graphics", "libnvidia-opencl.so.1", false),
];

/// The host's files by which loaders find libraries.
const FILES: &[&str] = &[
    "/etc/vulkan/icd.d/nvidia_icd.json",
    "/usr/share/vulkan/icd.d/nvidia_icd.json",
    "/etc/OpenCL/vendors/nvidia.icd",
];

/// Carries the cases out with the host's files and without them. `packages` are the unpacked loaders.
pub(super) fn run(job: &Job, packages: &Path) -> Result<()> {
    settings("auto")?;
    let image = image(job, packages)?;
    for with_files in [true, false] {
        if !with_files {
            FILES.iter().filter(|path| Path::new(path).exists()).try_for_each(|path| {
                fs::remove_file(path).with_context(|| format!("cannot remove {path}"))
            })?;
        }
        for case in CASES {
            one(&image, case).with_context(|| format!("host with files: {with_files}, {case:?}"))?;
        }
    }
    fs::remove_dir_all(&image).context("cannot remove an image")
}

/// The test image with the packages on top.
fn image(job: &Job, packages: &Path) -> Result<PathBuf> {
    let image = scratch("loaders");
    capture(command(["cp", "-a"]).arg(job.images.join("glibc")).arg(&image))?;
    capture(command(["cp", "-a", "-t"]).arg(&image).arg(packages.join("usr")).arg(packages.join("etc")))?;
    capture(command(["ldconfig", "-r"]).arg(&image))?;
    Ok(image)
}

fn one(image: &Path, (program, capabilities, library, opens): &(&str, &str, &str, bool)) -> Result<()> {
    let script = format!("LD_DEBUG=files {program} 2>&1 | grep -a '{library}.*generating link map'; true");
    let capabilities = format!("NVIDIA_DRIVER_CAPABILITIES={capabilities}");
    let name = "loader";
    let bundle =
        Bundle::of(image, name, &["sh", "-c", &script], &["NVIDIA_VISIBLE_DEVICES=0", &capabilities])?;
    let shown = bundle::run(Path::new("/usr/bin/nvidia-container-runtime"), &bundle, name);
    bundle.discard()?;
    let shown = shown?;
    match shown.contains(library) == *opens {
        true => Ok(()),
        false => Err(Failure::new(format!("the loader says {shown:?}"))),
    }
}
