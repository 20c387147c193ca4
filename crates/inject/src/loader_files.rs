//! Which loaders' files have to be made in a container because the host has the library, but no file
//! that names it.

use crate::{Policy, links};
use driver::Driver;

/// Kind of file, how the names of such files begin and end below their directory, the library.
const FILES: &[(&str, &str, &str)] = &[
    ("vulkan", "/vulkan/icd.d/nvidia_icd", "libGLX_nvidia.so"),
    ("egl", "/egl_vendor.d/10_nvidia.json", "libEGL_nvidia.so"),
    ("opencl", "/OpenCL/vendors/nvidia.icd", "libnvidia-opencl.so"),
    ("gbm", "_nvidia_gbm.json", "libnvidia-egl-gbm.so"),
    ("wayland", "_nvidia_wayland.json", "libnvidia-egl-wayland.so"),
    ("wayland2", "_nvidia_wayland2.json", "libnvidia-egl-wayland2.so"),
    ("xcb", "_nvidia_xcb.json", "libnvidia-egl-xcb.so"),
    ("xlib", "_nvidia_xlib.json", "libnvidia-egl-xlib.so"),
];

/// Arguments of the fused hook.
pub(crate) fn arguments(driver: &Driver, policy: &Policy) -> Vec<String> {
    let mut arguments = Vec::new();
    if !policy.wants_unnamed_work() {
        return arguments;
    }
    for (kind, file, library) in FILES {
        if driver.configs.iter().any(|config| config.container_path.contains(file)) {
            continue;
        }
        if let Some(soname) = soname(library, driver, policy) {
            arguments.extend(["--loader-file".to_owned(), format!("{kind}={soname}")]);
        }
    }
    arguments
}

/// Of the 64-bit library that the container gets.
fn soname<'a>(stem: &str, driver: &'a Driver, policy: &Policy) -> Option<&'a str> {
    let is_it = |library: &&driver::Library| {
        let name = links::base_name(&library.file.container_path);
        library.bits == 64 && name.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.'))
    };
    let found = driver.libraries.iter().filter(is_it).find(|library| policy.wants_library(library))?;
    found.soname.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Capabilities;
    use driver::families::Family;

    #[test]
    fn files_are_made_for_libraries_without_one() {
        let text = include_str!("../../../fixtures/drivers/conformance.json");
        let mut driver: Driver = serde_json::from_str(text).expect("a driver");
        let made = |driver: &Driver, capabilities| {
            let policy = Policy { capabilities, ..Policy::new("/h") };
            arguments(driver, &policy).into_iter().filter(|word| !word.starts_with("--")).collect::<Vec<_>>()
        };
        assert_eq!(made(&driver, None), Vec::<String>::new(), "this host has all files");
        driver.configs.clear();
        let all = [
            "vulkan=libGLX_nvidia.so.0",
            "egl=libEGL_nvidia.so.0",
            "opencl=libnvidia-opencl.so.1",
            "gbm=libnvidia-egl-gbm.so.1",
            "wayland=libnvidia-egl-wayland.so.1",
            "xcb=libnvidia-egl-xcb.so.1",
            "xlib=libnvidia-egl-xlib.so.1",
        ];
        assert_eq!(made(&driver, None), all);
        let compute = Capabilities { families: [Family::Compute].into(), ..Capabilities::default() };
        assert_eq!(made(&driver, Some(compute)), ["opencl=libnvidia-opencl.so.1"]);
    }

    #[test]
    fn no_hook_at_all_makes_no_files() {
        let text = include_str!("../../../fixtures/drivers/conformance.json");
        let mut driver: Driver = serde_json::from_str(text).expect("a driver");
        driver.configs.clear();
        let hooks = |disabled: &[&str], enabled: &[&str]| {
            let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let policy = Policy {
                disabled_hooks: names(disabled),
                enabled_hooks: names(enabled),
                ..Policy::new("/h")
            };
            let hooks = crate::hooks::common(&driver, &policy);
            hooks.iter().map(|hook| hook.args.iter().any(|word| word == "--loader-file")).collect::<Vec<_>>()
        };
        assert!(hooks(&["all"], &[]).is_empty());
        assert!(hooks(crate::HOOK_NAMES, &[]).is_empty());
        assert_eq!(hooks(&["all"], &["update-ldcache"]), [false]);
        assert_eq!(hooks(&["update-ldcache"], &[]), [true]);
    }
}
