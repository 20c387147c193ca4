//! Which driver capability brings which library or program: one declarative table.
//!
//! Source: the library sets of libnvidia-container (`nvc_info.c`), as `upstream-surface` 8.5 lists
//! them; users choose among them with `NVIDIA_DRIVER_CAPABILITIES`.

use serde::{Deserialize, Serialize};

/// A family of driver files, brought by the driver capability of the same name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// `nvidia-smi` and NVML.
    Utility,
    /// CUDA and OpenCL.
    Compute,
    /// NVENC, NVDEC, VDPAU, optical flow.
    Video,
    /// OpenGL, EGL, Vulkan, OptiX.
    Graphics,
    /// X11 and Wayland output.
    Display,
    /// NGX.
    Ngx,
    /// Goes into every GPU container: what platforms have that know no driver capabilities.
    Always,
    /// Not in any list of the original's legacy path; injected only where all files are.
    #[default]
    Other,
}

/// Name stems of libraries by family: `libX` covers `libX.so.*` exactly.
pub const LIBRARIES: &[(Family, &[&str])] = &[
    (Family::Utility, &["libnvidia-ml", "libnvidia-cfg", "libnvidia-nscq"]),
    (
        Family::Compute,
        &[
            "libcuda",
            "libcudadebugger",
            "libnvidia-opencl",
            "libnvidia-gpucomp",
            "libnvidia-ptxjitcompiler",
            "libnvidia-fatbinaryloader",
            "libnvidia-allocator",
            "libnvidia-compiler",
            "libnvidia-pkcs11",
            "libnvidia-pkcs11-openssl3",
            "libnvidia-nvvm",
            "libnvidia-nvvm70",
            "libnvidia-tileiras",
            "libOpenCL",
        ],
    ),
    (Family::Video, &["libvdpau_nvidia", "libnvidia-encode", "libnvidia-opticalflow", "libnvcuvid"]),
    (
        Family::Graphics,
        &[
            "libnvidia-eglcore",
            "libnvidia-glcore",
            "libnvidia-tls",
            "libnvidia-glsi",
            "libnvidia-fbc",
            "libnvidia-ifr",
            "libnvidia-rtcore",
            "libnvoptix",
            "libGLX_nvidia",
            "libEGL_nvidia",
            "libGLESv2_nvidia",
            "libGLESv1_CM_nvidia",
            "libnvidia-glvkspirv",
            "libnvidia-cbl",
            "libnvidia-egl-gbm",
            "libnvidia-egl-wayland",
            "libnvidia-egl-wayland2",
            "libnvidia-egl-xcb",
            "libnvidia-egl-xlib",
            "libnvidia-vulkan-producer",
            "libEGL",
            "libGL",
            "libGLESv1_CM",
            "libGLESv2",
            "libGLX",
            "libGLdispatch",
            "libOpenGL",
            "libnvidia-api",
        ],
    ),
    (Family::Ngx, &["libnvidia-ngx"]),
];

/// Programs by family.
pub const BINARIES: &[(Family, &[&str])] = &[
    (Family::Utility, &["nvidia-smi", "nvidia-debugdump", "nvidia-persistenced", "nv-fabricmanager"]),
    (Family::Compute, &["nvidia-cuda-mps-control", "nvidia-cuda-mps-server"]),
    (Family::Other, &["nvidia-imex", "nvidia-imex-ctl"]),
    (Family::Display, &["nvidia-xconfig"]),
];

/// The family of a library by its file name, for example `libcuda.so.580.95.05`.
#[must_use]
pub fn of_library(file_name: &str) -> Family {
    family_of(LIBRARIES, file_name.split(".so").next().unwrap_or(file_name))
}

/// The family of a program by its file name.
#[must_use]
pub fn of_binary(file_name: &str) -> Family {
    family_of(BINARIES, file_name)
}

fn family_of(table: &[(Family, &[&str])], stem: &str) -> Family {
    table.iter().find(|(_, stems)| stems.contains(&stem)).map_or(Family::Other, |(family, _)| *family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_covers_only_itself() {
        assert_eq!(of_library("libcuda.so.580.95.05"), Family::Compute);
        assert_eq!(of_library("libnvidia-nvvm70.so.4"), Family::Compute);
        assert_eq!(of_library("libnvidia-gtk3.so.580.95.05"), Family::Other);
        assert_eq!(of_binary("nvidia-smi"), Family::Utility);
    }
}
