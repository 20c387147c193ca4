//! The loaders of Vulkan, EGL (GLVND) and OpenCL, as Debian has them, in a container: with the capability they open the
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
    (VULKAN, "graphics", "libGLX_nvidia.so.0", true),
    (VULKAN, "display", "libGLX_nvidia.so.0", true),
    (VULKAN, "compute,utility", "libGLX_nvidia.so.0", false),
    (VULKAN_SAYS, "graphics", "libGLX_nvidia.so.0", true),
    (VULKAN_SAYS, "video", "libGLX_nvidia.so.0", false),
    (EGL, "graphics", "libEGL_nvidia.so.0", true),
    (EGL, "all", "libEGL_nvidia.so.0", true),
    (EGL, "compute,utility", "libEGL_nvidia.so.0", false),
    (OPENCL, "compute", "libnvidia-opencl.so.1", true),
    (OPENCL, "utility,graphics", "libnvidia-opencl.so.1", false),
];

/// What the dynamic loader says of libraries that it opens, whoever asks for them.
const VULKAN: &str = "LD_DEBUG=files vulkaninfo --summary 2>&1 | grep -a 'generating link map'";
const EGL: &str = "LD_DEBUG=files eglinfo.x86_64-linux-gnu 2>&1 | grep -a 'generating link map'";
const OPENCL: &str = "LD_DEBUG=files clinfo 2>&1 | grep -a 'generating link map'";
/// What the loader of Vulkan says itself.
const VULKAN_SAYS: &str = "VK_LOADER_DEBUG=all vulkaninfo --summary 2>&1";

/// The host's files by which loaders find libraries.
const FILES: &[&str] = &[
    "/etc/vulkan/icd.d/nvidia_icd.json",
    "/usr/share/vulkan/icd.d/nvidia_icd.json",
    "/etc/OpenCL/vendors/nvidia.icd",
    "/usr/share/glvnd/egl_vendor.d/10_nvidia.json",
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
    let script = format!("{program} | grep -a '{library}'; true");
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
