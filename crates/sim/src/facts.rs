//! What the simulated NVML of a described host knows.

use crate::mig_capabilities as caps;
use crate::{Description, Gpu, Mig, MigInstance, Platform};
use sim_facts::{Facts, GpuFacts, MigDeviceFacts, MigFacts};

impl Description {
    /// What this host's NVML knows.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let integrated = self.driver.platform == Platform::Tegra;
        let reported = |(_, index): &(&Gpu, u32)| !self.faults.nvml_lost.contains(index);
        Facts {
            driver_version: self.driver.version.clone(),
            module_version: self.driver.module_version.clone(),
            cuda: self.driver.cuda,
            gpus: self
                .gpus
                .iter()
                .zip(0..)
                .filter(reported)
                .map(|(gpu, _)| gpu_facts(gpu, integrated))
                .collect(),
            fault: self.faults.nvml,
            latency_ms: self.faults.nvml_latency_ms,
            only_node: match self.driver.platform {
                Platform::Wsl => self.nodes.additional.first().map(|node| node.path.clone()),
                Platform::Pci | Platform::Tegra => None,
            },
        }
    }
}

fn gpu_facts(gpu: &Gpu, integrated: bool) -> GpuFacts {
    GpuFacts {
        name: gpu.name.clone(),
        uuid: gpu.uuid.clone(),
        serial: gpu.serial.clone(),
        bus_id: gpu.pci.clone(),
        pci_id: gpu.pci_id,
        subsystem_id: gpu.subsystem_id,
        minor: gpu.minor,
        memory_mib: gpu.memory_mib,
        memory_used_mib: gpu.memory_used_mib,
        compute_capability: gpu.compute_capability,
        brand: gpu.brand,
        architecture: gpu.architecture,
        numa_node: gpu.numa_node,
        readings: gpu.readings.clone(),
        mig: gpu.mig.as_ref().map(|mig| mig_facts(gpu.minor, mig)),
        coherent: gpu.coherent,
        integrated,
    }
}

fn mig_facts(minor: u32, mig: &Mig) -> MigFacts {
    MigFacts {
        enabled: mig.enabled,
        max_devices: mig.max_devices,
        devices: mig.instances.iter().map(|instance| mig_device_facts(minor, instance)).collect(),
    }
}

fn mig_device_facts(minor: u32, instance: &MigInstance) -> MigDeviceFacts {
    let id = instance.gpu_instance;
    let (compute_slices, slices) = slices(&instance.profile);
    MigDeviceFacts {
        uuid: instance.uuid.clone(),
        profile: instance.profile.clone(),
        gpu_instance: id,
        compute_instance: instance.compute_instance,
        memory_mib: instance.memory_mib,
        gpu_slices: slices,
        compute_slices,
        multiprocessors: instance.multiprocessors,
        caps: (caps::gpu_instance(minor, id), caps::compute_instance(minor, id, instance.compute_instance)),
    }
}

/// Slices of the compute instance and of the GPU instance by a profile's name: `1c.3g.40gb`, `3g.40gb`.
fn slices(profile: &str) -> (u32, u32) {
    let number =
        |letter: char| profile.split('.').find_map(|part| part.strip_suffix(letter)?.parse::<u32>().ok());
    let gpu = number('g').unwrap_or(1);
    (number('c').unwrap_or(gpu), gpu)
}
