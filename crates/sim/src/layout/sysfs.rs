//! `/sys`: PCI devices, which are there with or without a driver, and the driver's modules.

use super::{Kind, Layout};
use crate::{Description, Gpu, Platform};

const PCI: &str = "/sys/bus/pci";

pub(super) fn add(description: &Description, layout: &mut Layout) {
    if description.driver.platform != Platform::Pci {
        return;
    }
    if description.module_loaded() {
        add_modules(description, layout);
    }
    for gpu in &description.gpus {
        add_gpu(gpu, description.module_loaded(), layout);
        if description.module_loaded() {
            bind(description, gpu, layout);
        }
    }
}

fn add_modules(description: &Description, layout: &mut Layout) {
    let version = description.driver.module_version.as_deref().unwrap_or_default();
    layout.add_text("/sys/module/nvidia/version", 0o444, format!("{version}\n"));
    for module in ["nvidia", "nvidia_uvm", "nvidia_modeset", "nvidia_drm"] {
        layout.add_text(format!("/sys/module/{module}/initstate"), 0o444, "live\n");
    }
}

fn add_gpu(gpu: &Gpu, bound: bool, layout: &mut Layout) {
    let path = device(gpu);
    let (vendor, device) = (gpu.pci_id & 0xffff, gpu.pci_id >> 16);
    let (subvendor, subdevice) = (gpu.subsystem_id & 0xffff, gpu.subsystem_id >> 16);
    let numa = gpu.numa_node.map_or_else(|| "-1".to_owned(), |node| node.to_string());
    let files = [
        ("vendor", format!("{vendor:#06x}")),
        ("device", format!("{device:#06x}")),
        ("subsystem_vendor", format!("{subvendor:#06x}")),
        ("subsystem_device", format!("{subdevice:#06x}")),
        ("class", format!("{:#08x}", gpu.pci_class)),
        ("numa_node", numa),
        ("enable", u32::from(bound).to_string()),
        ("uevent", uevent(gpu, bound)),
    ];
    for (name, text) in files {
        layout.add_text(format!("{path}/{name}"), 0o444, format!("{text}\n"));
    }
}

/// What a driver adds to a device that it has taken.
fn bind(description: &Description, gpu: &Gpu, layout: &mut Layout) {
    let path = device(gpu);
    layout.add_link(format!("{path}/driver"), "../../drivers/nvidia");
    layout.add_link(format!("{PCI}/drivers/nvidia/{}", gpu.pci), format!("../../devices/{}", gpu.pci));
    if description.nodes.drm {
        for name in [format!("card{}", gpu.card), format!("renderD{}", gpu.render)] {
            layout.add(format!("{path}/drm/{name}"), 0o755, Kind::Directory);
        }
    }
}

fn device(gpu: &Gpu) -> String {
    format!("{PCI}/devices/{}", gpu.pci)
}

fn uevent(gpu: &Gpu, bound: bool) -> String {
    let (vendor, device) = (gpu.pci_id & 0xffff, gpu.pci_id >> 16);
    let driver = if bound { "DRIVER=nvidia\n" } else { "" };
    format!(
        "{driver}PCI_CLASS={:X}\nPCI_ID={vendor:04X}:{device:04X}\nPCI_SLOT_NAME={}",
        gpu.pci_class, gpu.pci
    )
}
