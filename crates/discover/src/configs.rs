//! Configuration and data files of EGL, Vulkan, OpenCL and X.org.

use crate::places;
use crate::survey::{Survey, join};
use driver::File;

/// Files, and the directory below which containers expect them wherever the host has them. The list is
/// that of the NVIDIA Container Toolkit 1.20.
const FILES: &[(&str, &str)] = &[
    ("/usr/share", "glvnd/egl_vendor.d/10_nvidia.json"),
    ("/usr/share", "egl/egl_external_platform.d/15_nvidia_gbm.json"),
    ("/usr/share", "egl/egl_external_platform.d/10_nvidia_wayland.json"),
    ("/usr/share", "egl/egl_external_platform.d/09_nvidia_wayland2.json"),
    ("/usr/share", "egl/egl_external_platform.d/20_nvidia_xcb.json"),
    ("/usr/share", "egl/egl_external_platform.d/20_nvidia_xlib.json"),
    ("/usr/share", "nvidia/nvoptix.bin"),
    ("/usr/share", "X11/xorg.conf.d/10-nvidia.conf"),
    ("/usr/share", "X11/xorg.conf.d/nvidia-drm-outputclass.conf"),
    ("/etc", "OpenCL/vendors/nvidia.icd"),
    ("/etc", "vulkan/icd.d/nvidia_icd.json"),
    ("/etc", "vulkan/icd.d/nvidia_layers.json"),
    ("/etc", "vulkan/implicit_layer.d/nvidia_layers.json"),
    ("/etc", "vulkan/icd.d/nvidia_icd.x86_64.json"),
    ("/etc", "vulkan/icd.d/nvidia_icd.aarch64.json"),
];

/// Finds the files, each in the first directory that has it.
pub(crate) fn find(survey: &mut Survey<'_>) -> Vec<File> {
    let mut bases = survey.options.config_search_paths.clone();
    if bases.is_empty() {
        bases = places::CONFIGS.iter().map(|base| (*base).to_owned()).collect();
    }
    // Google's node images have Vulkan's files directly below the driver folder.
    bases.push("/".to_owned());
    FILES.iter().filter_map(|(home, name)| find_one(survey, &bases, home, name)).collect()
}

fn find_one(survey: &mut Survey<'_>, bases: &[String], home: &str, name: &str) -> Option<File> {
    let (below, file) = name.rsplit_once('/')?;
    let searched = bases.iter().filter(|base| base.as_str() != "/" || name.starts_with("vulkan/"));
    for base in searched {
        let directory = join(base, below);
        let Some(listing) = survey.listing(&directory) else { continue };
        if listing.get(file).is_some_and(|entry| survey.target(&listing, entry).is_some()) {
            let host_path = survey.host_path(&join(&directory, file));
            return Some(File { host_path, container_path: join(home, name) });
        }
    }
    None
}
