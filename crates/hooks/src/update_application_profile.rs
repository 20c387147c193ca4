//! `update-application-profile`: tells EGL and Vulkan which GPUs the container has, through the
//! driver's application profiles (driver README, appendix "Application Profiles").

use crate::catalogue::Hook;
use crate::{arguments, container};
use diag::Result;
use rootfs::{ContainerRoot, Kind};
use std::ffi::{OsStr, OsString};

pub(crate) const HOOK: Hook = Hook {
    name: "update-application-profile",
    summary: Some("Writes the driver profile that shows EGL and Vulkan only the container's GPUs."),
    flags: "",
    run,
};

const DIRECTORY: &str = "/etc/nvidia/nvidia-application-profiles-rc.d";
const FILE: &str = "10-container.conf";

fn run(arguments: &[OsString]) -> Result<()> {
    let specification = arguments::flags(arguments, |_, _| Ok(false))?;
    update(&container::root(specification.as_deref())?)
}

/// Writes the profile for the GPU nodes that the container has now; none without a GPU.
pub(crate) fn update(root: &ContainerRoot) -> Result<()> {
    let mask =
        minors(root)?.into_iter().filter(|minor| *minor < 64).fold(0_u64, |mask, minor| mask | 1 << minor);
    if mask == 0 {
        return Ok(());
    }
    let directory = root.make_directory(DIRECTORY, 0o555)?;
    directory.write_file_atomic(OsStr::new(FILE), profile(mask).as_bytes(), 0o444).map(drop)
}

/// Minors of the device nodes `/dev/nvidia<N>`. Each is looked at itself: a node that is a mount
/// shows as an empty file in the list.
fn minors(root: &ContainerRoot) -> Result<Vec<u32>> {
    let mut minors = Vec::new();
    for entry in root.list("/dev")?.unwrap_or_default() {
        let Some(name) = entry.name.to_str().filter(|name| is_gpu_node(name)) else { continue };
        if let Some(stat) = root.lstat(format!("/dev/{name}"))?.filter(|stat| stat.kind == Kind::CharDevice) {
            minors.push(stat.device.1);
        }
    }
    Ok(minors)
}

fn is_gpu_node(name: &str) -> bool {
    name.strip_prefix("nvidia")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn profile(mask: u64) -> String {
    format!(
        r#"{{"profiles":[{{"name":"_container_","settings":["EGLVisibleDGPUDevices",{mask:#x}]}}],"rules":[{{"pattern":[],"profile":"_container_"}}]}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpu_nodes_are_told_from_control_nodes() {
        for (name, expected) in [
            ("nvidia0", true),
            ("nvidia12", true),
            ("nvidia", false),
            ("nvidiactl", false),
            ("nvidia-uvm", false),
            ("nvidia0x", false),
        ] {
            assert_eq!(is_gpu_node(name), expected, "{name}");
        }
    }

    #[test]
    fn the_profile_is_the_drivers_json_with_a_hexadecimal_mask() {
        assert_eq!(
            profile(0b1001),
            r#"{"profiles":[{"name":"_container_","settings":["EGLVisibleDGPUDevices",0x9]}],"rules":[{"pattern":[],"profile":"_container_"}]}"#
        );
    }
}
