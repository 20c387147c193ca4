//! `/proc/driver/nvidia`, `/proc/driver/nvidia-caps` and `/proc/devices`.

use super::Layout;
use crate::mig_capabilities as caps;
use crate::{Description, Gpu, Machine, Platform};
use std::fmt::Write;

const NVIDIA: &str = "/proc/driver/nvidia";

pub(super) fn add(description: &Description, machine: &Machine, layout: &mut Layout) {
    layout.add_text("/proc/devices", 0o444, machine.devices_with(description));
    if description.driver.platform != Platform::Pci {
        return;
    }
    layout.add_text(format!("{NVIDIA}/version"), 0o444, &description.driver.banner);
    layout.add_text(format!("{NVIDIA}/params"), 0o444, &description.proc.params);
    if description.proc.registry {
        layout.add_text(format!("{NVIDIA}/registry"), 0o644, "Binary: \"\"\n");
    }
    for gpu in &description.gpus {
        let path = format!("{NVIDIA}/gpus/{}/information", gpu.pci);
        layout.add_text(path, 0o444, information(description, gpu));
    }
    layout.add_text("/proc/driver/nvidia-caps/mig-minors", 0o444, mig_minors());
    if description.proc.capabilities {
        add_capabilities(description, layout);
    }
}

fn information(description: &Description, gpu: &Gpu) -> String {
    let mask = u64::MAX.checked_shr(64_u32.saturating_sub(gpu.dma_bits)).unwrap_or(0);
    format!(
        "Model: \t\t {}\nIRQ:   \t\t {}\nGPU UUID: \t {}\nVideo BIOS: \t {}\nBus Type: \t PCIe\n\
         DMA Size: \t {} bits\nDMA Mask: \t {mask:#x}\nBus Location: \t {}\nDevice Minor: \t {}\n\
         GPU Firmware: \t {}\nGPU Excluded:\t No\n",
        gpu.name,
        description.proc.irq,
        gpu.uuid,
        gpu.vbios,
        gpu.dma_bits,
        gpu.pci,
        gpu.minor,
        description.driver.module_version.as_deref().unwrap_or_default()
    )
}

fn mig_minors() -> String {
    let mut text = format!("config {}\nmonitor {}\n", caps::CONFIG, caps::MONITOR);
    for gpu in 0..caps::GPUS {
        for instance in 0..caps::GPU_INSTANCES {
            let _ = writeln!(text, "gpu{gpu}/gi{instance}/access {}", caps::gpu_instance(gpu, instance));
            for compute in 0..caps::COMPUTE_INSTANCES {
                let minor = caps::compute_instance(gpu, instance, compute);
                let _ = writeln!(text, "gpu{gpu}/gi{instance}/ci{compute}/access {minor}");
            }
        }
    }
    text
}

/// `/proc/driver/nvidia/capabilities`: what exists now, each with the node that gives it.
fn add_capabilities(description: &Description, layout: &mut Layout) {
    let mut add = |path: String, minor: u32, mode: u32| {
        let text = format!("DeviceFileMinor: {minor}\nDeviceFileMode: {mode}\nDeviceFileModify: 1\n");
        layout.add_text(format!("{NVIDIA}/capabilities/{path}"), 0o444, text);
    };
    add("mig/config".into(), caps::CONFIG, 0o400);
    add("mig/monitor".into(), caps::MONITOR, 0o444);
    for gpu in &description.gpus {
        let enabled = gpu.mig.iter().filter(|mig| mig.enabled);
        for instance in enabled.flat_map(|mig| &mig.instances) {
            let id = instance.gpu_instance;
            let directory = format!("gpu{}/mig/gi{id}", gpu.minor);
            add(format!("{directory}/access"), caps::gpu_instance(gpu.minor, id), 0o444);
            let compute = instance.compute_instance;
            let minor = caps::compute_instance(gpu.minor, id, compute);
            add(format!("{directory}/ci{compute}/access"), minor, 0o444);
        }
    }
}
