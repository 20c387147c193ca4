//! CDI specifications for other devices than GPUs, and for managing the machine.

use crate::{Policy, SpecOptions, edits, mounts, nodes};
use cdi::{ContainerEdits, Device, Spec};
use driver::{Driver, File, Node};

/// One device with these nodes and files for every container that asks for it by `name`.
#[must_use]
pub fn special_device(name: &str, found: &[Node], files: &[File], policy: &Policy) -> Device {
    let mut container_edits = nodes::edits(&found.iter().collect::<Vec<_>>(), policy);
    container_edits.mounts = mounts::of_files(files);
    Device { name: name.to_owned(), container_edits, ..Device::default() }
}

/// The specification of these devices. `driver` is given for management: then containers get the
/// driver's files too, without those of graphics, and may make device nodes.
#[must_use]
pub fn special_spec(devices: Vec<Device>, driver: Option<&Driver>, options: &SpecOptions) -> Spec {
    let container_edits = match driver {
        Some(driver) => edits::common(&without_graphics(driver), &management_policy(&options.policy)),
        None => {
            ContainerEdits { env: vec!["NVIDIA_VISIBLE_DEVICES=void".into()], ..ContainerEdits::default() }
        }
    };
    let kind = format!("{}/{}", options.vendor, options.class);
    let mut spec = Spec { kind, devices, container_edits, ..Spec::default() };
    spec.cdi_version = spec.minimum_version().to_owned();
    spec
}

/// Libraries of graphics that count their own versions, and everything that only they need, are left
/// out; so are nodes, which the device brings.
fn without_graphics(driver: &Driver) -> Driver {
    let mut driver = driver.clone();
    driver
        .libraries
        .retain(|library| library.versioned || library.file.host_path.contains("/libnvidia-nvvm70.so."));
    for library in &mut driver.libraries {
        library.links.retain(|link| !link.path.contains("/gbm/"));
    }
    driver.binaries.retain(|file| !file.container_path.ends_with("/nvidia-xconfig"));
    driver.gpus.clear();
    driver.control_nodes.clear();
    driver.configs.clear();
    driver.xorg.clear();
    driver
}

fn management_policy(policy: &Policy) -> Policy {
    let mut policy = Policy { graphics_links: false, ..policy.clone() };
    let never = ["disable-device-node-modification", "update-application-profile"];
    policy.enabled_hooks.retain(|name| !never.contains(&name.as_str()));
    policy.disabled_hooks.extend(never.map(str::to_owned));
    policy
}
