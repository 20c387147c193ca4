//! The small files by which the loaders of Vulkan, EGL and OpenCL find the driver's libraries, for hosts
//! that have the libraries but not the files: minimal driver packages, driver containers, cloud images.

use crate::codes;
use diag::{Failure, Result};
use rootfs::ContainerRoot;

/// A file to be there: of which loader, and the library that it is to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoaderFile {
    kind: &'static Kind,
    library: String,
}

/// A loader's file.
#[derive(Debug, PartialEq, Eq)]
struct Kind {
    name: &'static str,
    /// Where it is made.
    path: &'static str,
    /// Where an image may have it already.
    others: &'static [&'static str],
    /// What surrounds the name of the library.
    text: (&'static str, &'static str),
}

const JSON: (&str, &str) = ("{\"file_format_version\": \"1.0.0\", \"ICD\": {\"library_path\": \"", "\"}}\n");
/// The loader of Vulkan wants a version; what it tells applications comes from the library.
const VULKAN: (&str, &str) = (
    "{\"file_format_version\": \"1.0.1\", \"ICD\": {\"library_path\": \"",
    "\", \"api_version\": \"1.3.242\"}}\n",
);

const fn external(name: &'static str, path: &'static str) -> Kind {
    Kind { name, path, others: &[], text: JSON }
}

/// The files, with the names and places that the driver's own installer gives them.
const KINDS: &[Kind] = &[
    Kind {
        name: "vulkan",
        path: "/etc/vulkan/icd.d/nvidia_icd.json",
        others: &[
            "/usr/share/vulkan/icd.d/nvidia_icd.json",
            "/usr/share/vulkan/icd.d/nvidia_icd.x86_64.json",
            "/usr/share/vulkan/icd.d/nvidia_icd.aarch64.json",
        ],
        text: VULKAN,
    },
    Kind {
        name: "egl",
        path: "/usr/share/glvnd/egl_vendor.d/10_nvidia.json",
        others: &["/etc/glvnd/egl_vendor.d/10_nvidia.json"],
        text: JSON,
    },
    Kind { name: "opencl", path: "/etc/OpenCL/vendors/nvidia.icd", others: &[], text: ("", "\n") },
    external("gbm", "/usr/share/egl/egl_external_platform.d/15_nvidia_gbm.json"),
    external("wayland", "/usr/share/egl/egl_external_platform.d/10_nvidia_wayland.json"),
    external("wayland2", "/usr/share/egl/egl_external_platform.d/09_nvidia_wayland2.json"),
    external("xcb", "/usr/share/egl/egl_external_platform.d/20_nvidia_xcb.json"),
    external("xlib", "/usr/share/egl/egl_external_platform.d/20_nvidia_xlib.json"),
];

impl LoaderFile {
    /// Reads `KIND=LIBRARY`.
    ///
    /// # Errors
    /// When the kind is not known, or the library is no plain name.
    pub fn parse(text: &str) -> Result<Self> {
        let is_plain = |library: &str| {
            !library.is_empty()
                && library.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
        };
        let parsed = text.split_once('=').and_then(|(name, library)| {
            let kind = KINDS.iter().find(|kind| kind.name == name)?;
            is_plain(library).then(|| Self { kind, library: library.to_owned() })
        });
        parsed.ok_or_else(|| {
            Failure::coded(codes::BAD_ARGUMENTS, format!("invalid loader file specification {text}"))
        })
    }

    fn content(&self) -> String {
        format!("{}{}{}", self.kind.text.0, self.library, self.kind.text.1)
    }
}

/// Makes the files that are not there.
pub(crate) fn provide(root: &ContainerRoot, files: &[LoaderFile]) -> Result<()> {
    for file in files {
        let places = std::iter::once(&file.kind.path).chain(file.kind.others);
        let mut is_there = false;
        for place in places {
            is_there |= root.lstat(place)?.is_some();
        }
        if !is_there {
            root.write_file_atomic(file.kind.path, file.content().as_bytes(), 0o644)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests look at directories of their own")]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert!(LoaderFile::parse("vulkan=libGLX_nvidia.so.0").is_ok());
        for bad in ["vulkan", "vulkan=", "metal=lib.so", "egl=../lib.so", "egl=a\"b", "egl=a b", ""] {
            assert!(LoaderFile::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn files_are_made_where_the_image_has_none() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("usr/share/vulkan/icd.d");
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("nvidia_icd.json"), "the image's").unwrap();
        let root = ContainerRoot::open(folder.path()).unwrap();
        let files: Vec<LoaderFile> =
            ["vulkan=libGLX_nvidia.so.0", "egl=libEGL_nvidia.so.0", "opencl=libnvidia-opencl.so.1"]
                .map(|text| LoaderFile::parse(text).unwrap())
                .into();
        for _ in 0..2 {
            provide(&root, &files).unwrap();
        }
        let read = |path: &str| std::fs::read_to_string(folder.path().join(path)).unwrap_or_default();
        assert_eq!(read("etc/vulkan/icd.d/nvidia_icd.json"), "");
        assert_eq!(read("etc/OpenCL/vendors/nvidia.icd"), "libnvidia-opencl.so.1\n");
        assert_eq!(
            read("usr/share/glvnd/egl_vendor.d/10_nvidia.json"),
            "{\"file_format_version\": \"1.0.0\", \"ICD\": {\"library_path\": \"libEGL_nvidia.so.0\"}}\n"
        );
    }
}
