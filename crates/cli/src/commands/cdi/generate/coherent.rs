//! `enable-coherent-annotations`: GPUs that share the CPU's address space and those that do not, as
//! devices of classes of their own.

use cdi::{ContainerEdits, Device, Spec};
use driver::Driver;

const ANNOTATION: &str = "gpu.nvidia.com/coherent";

/// The specification of all GPUs, and one each for the coherent and the other ones if there are any.
/// Only whole GPUs whose kind NVML told are in the latter two.
pub(super) fn split(spec: Spec, driver: &Driver) -> Vec<(&'static str, Spec)> {
    let mut all = vec![("", spec.clone())];
    for (part, wanted) in [(".coherent", true), (".noncoherent", false)] {
        let devices: Vec<Device> =
            spec.devices.iter().filter(|device| of_device(device, driver) == Some(wanted)).cloned().collect();
        if !devices.is_empty() {
            all.push((part, of_class(&spec, part, devices)));
        }
    }
    all
}

fn of_class(spec: &Spec, part: &str, mut devices: Vec<Device>) -> Spec {
    let had_all = spec.devices.iter().any(|device| device.name == "all");
    if had_all {
        devices.push(merged(&devices));
        devices.sort_by(|a, b| a.name.cmp(&b.name));
    }
    let mut spec = Spec { kind: format!("{}{part}", spec.kind), devices, ..spec.clone() };
    spec.cdi_version = spec.minimum_version().to_owned();
    spec
}

fn merged(devices: &[Device]) -> Device {
    let mut edits = ContainerEdits::default();
    for device in devices {
        edits.append(&device.container_edits);
    }
    let mut seen = Vec::new();
    edits.device_nodes.retain(|node| {
        !seen.contains(&node.path) && {
            seen.push(node.path.clone());
            true
        }
    });
    let mut hooks = Vec::new();
    edits.hooks.retain(|hook| {
        !hooks.contains(hook) && {
            hooks.push(hook.clone());
            true
        }
    });
    edits.additional_gids.sort_unstable();
    edits.additional_gids.dedup();
    Device { name: "all".to_owned(), container_edits: edits, ..Device::default() }
}

/// Whether the GPU of a device is coherent; `None` for MIG devices, `all`, and where nobody told.
fn of_device(device: &Device, driver: &Driver) -> Option<bool> {
    let named = |(index, gpu): (usize, &driver::Gpu)| {
        let names = [Some(index.to_string()), Some(format!("gpu{index}")), gpu.uuid.clone()];
        names.into_iter().flatten().any(|name| name == device.name).then_some(gpu.coherent)
    };
    let annotated = device.annotations.get(ANNOTATION).map(|value| value == "true");
    annotated.or_else(|| driver.gpus.iter().enumerate().find_map(named).flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdi::DeviceNode;
    use driver::Gpu;

    #[test]
    fn each_kind_of_memory_gets_a_class() {
        let device = |name: &str, path: &str| {
            let node = DeviceNode { path: path.to_owned(), ..DeviceNode::default() };
            let container_edits = ContainerEdits { device_nodes: vec![node], ..ContainerEdits::default() };
            Device { name: name.to_owned(), container_edits, ..Device::default() }
        };
        let gpu = |coherent| Gpu { coherent, ..Gpu::default() };
        let driver = Driver { gpus: vec![gpu(Some(true)), gpu(Some(false)), gpu(None)], ..Driver::default() };
        let spec = Spec {
            kind: "nvidia.com/gpu".into(),
            devices: vec![
                device("0", "/dev/nvidia0"),
                device("1", "/dev/nvidia1"),
                device("2", "/dev/nvidia2"),
                device("all", "/dev/nvidia0"),
                device("gpu0", "/dev/nvidia0"),
            ],
            ..Spec::default()
        };
        let told: Vec<String> = split(spec, &driver)
            .iter()
            .map(|(part, spec)| {
                let names: Vec<&str> = spec.devices.iter().map(|device| device.name.as_str()).collect();
                format!("{part} {} {} {}", spec.kind, spec.cdi_version, names.join(" "))
            })
            .collect();
        assert_eq!(
            told,
            [
                " nvidia.com/gpu  0 1 2 all gpu0",
                ".coherent nvidia.com/gpu.coherent 0.6.0 0 all gpu0",
                ".noncoherent nvidia.com/gpu.noncoherent 0.6.0 1 all",
            ]
        );
    }
}
