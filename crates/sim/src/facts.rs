//! What the simulated NVML of a described host knows.

use crate::mig_capabilities as caps;
use crate::{Description, Gpu, Mig, MigInstance};
use sim_facts::{Facts, GpuFacts, MigDeviceFacts, MigFacts};

impl Description {
    /// What this host's NVML knows.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let reported = |(_, index): &(&Gpu, u32)| !self.faults.nvml_lost.contains(index);
        Facts {
            driver_version: self.driver.version.clone(),
            module_version: self.driver.module_version.clone(),
            cuda: self.driver.cuda,
            gpus: self.gpus.iter().zip(0..).filter(reported).map(|(gpu, _)| gpu_facts(gpu)).collect(),
            fault: self.faults.nvml,
            latency_ms: self.faults.nvml_latency_ms,
        }
    }
}

fn gpu_facts(gpu: &Gpu) -> GpuFacts {
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
    let slices = instance.profile.split('g').next().and_then(|text| text.parse().ok()).unwrap_or(1);
    MigDeviceFacts {
        uuid: instance.uuid.clone(),
        profile: instance.profile.clone(),
        gpu_instance: id,
        compute_instance: 0,
        memory_mib: instance.memory_mib,
        gpu_slices: slices,
        compute_slices: slices,
        multiprocessors: instance.multiprocessors,
        caps: (caps::gpu_instance(minor, id), caps::compute_instance(minor, id, 0)),
    }
}
