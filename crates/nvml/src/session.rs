//! One session of NVML as a value.

use crate::library::{Code, Device, Library};
use driver::{NvmlGpu, NvmlMig, NvmlSnapshot};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Starts a session, asks, and ends it.
///
/// # Errors
/// The first return code that leaves nothing to say. A GPU that NVML cannot open (lost, not permitted
/// here, or failing in another way) is left out and does not cost the others. Facts that a driver does
/// not know are left empty.
pub(crate) fn ask(library: &Library) -> Result<NvmlSnapshot, Code> {
    library.init()?;
    let snapshot = snapshot(library);
    library.shutdown();
    snapshot
}

fn snapshot(library: &Library) -> Result<NvmlSnapshot, Code> {
    let (mut gpus, mut refusal) = (Vec::new(), None);
    for index in 0..library.device_count()? {
        match library.device(index).and_then(|device| gpu(library, device, index)) {
            Ok(gpu) => gpus.push(gpu),
            Err(Code::GPU_IS_LOST | Code::NO_PERMISSION) => {}
            Err(code) => refusal = refusal.or(Some(code)),
        }
    }
    if let Some(code) = refusal.filter(|_| gpus.is_empty()) {
        return Err(code);
    }
    let cuda = library.cuda_driver_version().ok().map(cuda_version);
    Ok(NvmlSnapshot { driver_version: library.driver_version()?, cuda, gpus })
}

/// `13000` is CUDA 13.0, `12040` is 12.4.
fn cuda_version(number: u32) -> (u32, u32) {
    (number / 1000, number % 1000 / 10)
}

fn gpu(library: &Library, device: Device, index: u32) -> Result<NvmlGpu, Code> {
    let bus_id = match library.pci_info(device) {
        Ok(pci) => format!("{:04x}:{:02x}:{:02x}.0", pci.domain, pci.bus, pci.device),
        // A GPU that is a part of a Tegra chip.
        Err(Code::NOT_SUPPORTED) => String::new(),
        Err(code) => return Err(code),
    };
    let memory = library.memory(device).unwrap_or_default().total;
    let mig_enabled = library.mig_mode(device).unwrap_or(false);
    Ok(NvmlGpu {
        name: library.name(device).unwrap_or_default(),
        uuid: library.uuid(device)?,
        bus_id,
        minor: minor(library, device, index)?,
        memory_mib: memory / MIB,
        compute_capability: library.compute_capability(device).ok(),
        mig_enabled,
        coherent: library.is_coherent(device).ok(),
        mig: if mig_enabled { mig_devices(library, device, memory)? } else { Vec::new() },
    })
}

/// On WSL there are no nodes with minors: the index stands in.
fn minor(library: &Library, device: Device, index: u32) -> Result<u32, Code> {
    match library.minor(device) {
        Err(Code::NOT_SUPPORTED | Code::FUNCTION_NOT_FOUND) => Ok(index),
        answer => answer,
    }
}

fn mig_devices(library: &Library, parent: Device, parent_memory: u64) -> Result<Vec<NvmlMig>, Code> {
    let mut devices = Vec::new();
    for index in 0..library.mig_count(parent).unwrap_or(0) {
        match library.mig_device(parent, index) {
            // One that does not tell about itself does not cost the others.
            Ok(device) => devices.extend(mig(library, device, parent_memory)),
            // Places for MIG devices are counted, not devices.
            Err(Code::NOT_FOUND | Code::INVALID_ARGUMENT | Code::NO_PERMISSION) => {}
            Err(code) => return Err(code),
        }
    }
    Ok(devices)
}

fn mig(library: &Library, device: Device, parent_memory: u64) -> Result<NvmlMig, Code> {
    let attributes = library.attributes(device).ok();
    let memory = attributes.map(|attributes| attributes.memory_mib);
    let memory = memory.or_else(|| library.memory(device).ok().map(|memory| memory.total / MIB)).unwrap_or(0);
    let name = library.name(device).unwrap_or_default();
    let computed = || {
        let attributes = attributes.unwrap_or_default();
        profile(attributes.gpu_slices, attributes.compute_slices, memory * MIB, parent_memory)
    };
    Ok(NvmlMig {
        uuid: library.uuid(device)?,
        profile: profile_in_name(&name).map_or_else(computed, str::to_owned),
        gpu_instance: library.gpu_instance(device)?,
        compute_instance: library.compute_instance(device)?,
        memory_mib: memory,
    })
}

/// The driver names MIG devices after their profile: `NVIDIA H100 80GB HBM3 MIG 1g.10gb`.
fn profile_in_name(name: &str) -> Option<&str> {
    name.rsplit_once(" MIG ").map(|(_, profile)| profile.trim()).filter(|profile| !profile.is_empty())
}

/// `1g.10gb`, or `1c.2g.20gb` where the compute instance is smaller than the GPU instance. Memory
/// is told in eighths of the GPU's, as the driver does.
fn profile(gpu_slices: u32, compute_slices: u32, memory: u64, parent_memory: u64) -> String {
    if gpu_slices == 0 || parent_memory == 0 {
        return String::new();
    }
    let eighths = (memory * 8).div_ceil(parent_memory);
    let gigabytes = (eighths * parent_memory.div_ceil(GIB) + 4) / 8;
    let compute = if compute_slices == gpu_slices { String::new() } else { format!("{compute_slices}c.") };
    format!("{compute}{gpu_slices}g.{gigabytes}gb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuda_versions() {
        for (number, expected) in [(13000, (13, 0)), (12040, (12, 4)), (12100, (12, 10)), (9020, (9, 2))] {
            assert_eq!(cuda_version(number), expected);
        }
    }

    #[test]
    fn profiles_from_names_and_sizes() {
        assert_eq!(profile_in_name("NVIDIA H100 80GB HBM3 MIG 1g.10gb"), Some("1g.10gb"));
        assert_eq!(profile_in_name("NVIDIA H100 80GB HBM3"), None);
        let h100 = 81559 * MIB;
        let a100 = 40960 * MIB;
        let table = [
            (1, 1, 9856, h100, "1g.10gb"),
            (2, 2, 19968, h100, "2g.20gb"),
            (3, 3, 40192, h100, "3g.40gb"),
            (7, 7, 80896, h100, "7g.80gb"),
            (1, 1, 4864, a100, "1g.5gb"),
            (3, 1, 19968, a100, "1c.3g.20gb"),
            (0, 0, 0, a100, ""),
        ];
        for (gpu, compute, memory, parent, expected) in table {
            assert_eq!(profile(gpu, compute, memory * MIB, parent), expected);
        }
    }
}
