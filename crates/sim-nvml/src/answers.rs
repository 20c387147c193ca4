//! What NVML answers, as values: one function for each kind of question.

use crate::codes::Code;
use crate::session::{Device, Handle, Session, bus_id};
use crate::structs::{
    AddressingMode, Attributes, Memory, MemoryV2, PciInfo, PciInfoV2, Utilization, c_array,
};
use sim_facts::{Facts, GpuFacts, MigDeviceFacts};

const MIB: u64 = 1024 * 1024;
/// MiB that the driver keeps for itself; NVML's second memory structure tells them apart.
const RESERVED_MIB: u64 = 500;

/// A value or the code that is returned instead.
pub(crate) type Answer<T> = Result<T, Code>;

/// `major * 1000 + minor * 10`.
pub(crate) fn cuda_version(session: &Session) -> i32 {
    let (major, minor) = session.facts.cuda;
    i32::try_from(major * 1000 + minor * 10).unwrap_or(i32::MAX)
}

/// NVML's own version: the CUDA major version before the driver's.
pub(crate) fn nvml_version(facts: &Facts) -> String {
    format!("{}.{}", facts.cuda.0, facts.driver_version)
}

/// The model, with the profile after it for a MIG device.
pub(crate) fn name(device: Device<'_>) -> String {
    match device {
        Device::Gpu(gpu) => gpu.name.clone(),
        Device::Mig(gpu, mig) => format!("{} MIG {}", gpu.name, mig.profile),
    }
}

/// Board serial number.
pub(crate) fn serial(device: Device<'_>) -> Answer<String> {
    device.gpu().serial.clone().ok_or(Code::NOT_SUPPORTED)
}

/// PCI address and ids, third form.
pub(crate) fn pci_info(device: Device<'_>) -> Answer<PciInfo> {
    let old = pci_info_v2(device)?;
    Ok(PciInfo {
        bus_id_legacy: old.bus_id,
        domain: old.domain,
        bus: old.bus,
        device: old.device,
        pci_device_id: old.pci_device_id,
        pci_subsystem_id: old.pci_subsystem_id,
        bus_id: c_array(&format!("{:08X}:{:02X}:{:02X}.0", old.domain, old.bus, old.device)),
    })
}

/// PCI address and ids, the form before.
pub(crate) fn pci_info_v2(device: Device<'_>) -> Answer<PciInfoV2> {
    let gpu = device.gpu();
    if gpu.integrated {
        return Err(Code::NOT_SUPPORTED);
    }
    let (domain, bus, slot) = bus_id(&gpu.bus_id).ok_or(Code::UNKNOWN)?;
    Ok(PciInfoV2 {
        bus_id: c_array(&format!("{domain:04X}:{bus:02X}:{slot:02X}.0")),
        domain,
        bus,
        device: slot,
        pci_device_id: gpu.pci_id,
        pci_subsystem_id: gpu.subsystem_id,
        reserved: [0; 4],
    })
}

/// Memory, with what the driver keeps counted as used.
pub(crate) fn memory(device: Device<'_>) -> Memory {
    let (total, used) = totals(device);
    Memory { total: total * MIB, free: total.saturating_sub(used) * MIB, used: used * MIB }
}

/// Memory, with what the driver keeps told apart.
pub(crate) fn memory_v2(device: Device<'_>, asked: u32) -> Answer<MemoryV2> {
    if asked != MemoryV2::VERSION {
        return Err(Code::ARGUMENT_VERSION_MISMATCH);
    }
    let (total, used) = totals(device);
    let reserved = RESERVED_MIB.min(total);
    let free = total.saturating_sub(reserved).saturating_sub(used);
    Ok(MemoryV2 {
        version: asked,
        total: total * MIB,
        reserved: reserved * MIB,
        free: free * MIB,
        used: used * MIB,
    })
}

/// Compute capability as C's two integers.
pub(crate) fn compute_capability(device: Device<'_>) -> (i32, i32) {
    let (major, minor) = device.gpu().compute_capability;
    (major.cast_signed(), minor.cast_signed())
}

/// How the GPU shares addresses with the CPU (`nvmlDeviceAddressingModeType_t`).
pub(crate) fn addressing_mode(device: Device<'_>, asked: u32) -> Answer<AddressingMode> {
    if asked != AddressingMode::VERSION {
        return Err(Code::ARGUMENT_VERSION_MISMATCH);
    }
    let gpu = whole(device)?;
    Ok(AddressingMode {
        version: asked,
        value: if gpu.coherent { AddressingMode::ATS } else { AddressingMode::NONE },
    })
}

/// MIG mode: now, and after the next reset.
pub(crate) fn mig_mode(device: Device<'_>) -> Answer<(u32, u32)> {
    let mig = whole(device)?.mig.as_ref().ok_or(Code::NOT_SUPPORTED)?;
    Ok((u32::from(mig.enabled), u32::from(mig.enabled)))
}

/// The most MIG devices that the GPU can hold; zero for GPUs without MIG.
pub(crate) fn max_mig_devices(device: Device<'_>) -> Answer<u32> {
    Ok(whole(device)?.mig.as_ref().map_or(0, |mig| mig.max_devices))
}

/// The attributes of a MIG device.
pub(crate) fn attributes(device: Device<'_>) -> Answer<Attributes> {
    let MigDeviceFacts { multiprocessors, gpu_slices, compute_slices, memory_mib, .. } = device.mig()?;
    Ok(Attributes {
        multiprocessors: *multiprocessors,
        shared_copy_engines: *gpu_slices,
        shared_decoders: *gpu_slices,
        shared_encoders: 0,
        shared_jpegs: *gpu_slices,
        shared_ofas: 0,
        gpu_slices: *gpu_slices,
        compute_slices: *compute_slices,
        memory_mib: *memory_mib,
    })
}

/// Utilisation; a MIG device tells none.
pub(crate) fn utilization(device: Device<'_>) -> Answer<Utilization> {
    let readings = &measured(device)?.readings;
    Ok(Utilization { gpu: readings.gpu_utilization, memory: readings.memory_utilization })
}

/// Fan speed, where there is a fan.
pub(crate) fn fan(device: Device<'_>) -> Answer<u32> {
    measured(device)?.readings.fan_percent.ok_or(Code::NOT_SUPPORTED)
}

/// Error correction: now, and after the next reset.
pub(crate) fn ecc(device: Device<'_>) -> Answer<(u32, u32)> {
    let on = measured(device)?.readings.ecc.map(u32::from).ok_or(Code::NOT_SUPPORTED)?;
    Ok((on, on))
}

/// The GPU of a question that a MIG device does not answer: sensors belong to the whole GPU.
pub(crate) fn measured(device: Device<'_>) -> Answer<&GpuFacts> {
    match device {
        Device::Gpu(gpu) => Ok(gpu),
        Device::Mig(..) => Err(Code::NOT_SUPPORTED),
    }
}

/// Whether a handle is that of a MIG device.
pub(crate) fn is_mig(session: &Session, handle: Handle) -> Answer<u32> {
    session.device(handle).map(|device| u32::from(device.mig().is_ok()))
}

fn whole(device: Device<'_>) -> Answer<&GpuFacts> {
    match device {
        Device::Gpu(gpu) => Ok(gpu),
        Device::Mig(..) => Err(Code::INVALID_ARGUMENT),
    }
}

/// Total and used MiB.
fn totals(device: Device<'_>) -> (u64, u64) {
    match device {
        Device::Gpu(gpu) => (gpu.memory_mib, gpu.memory_used_mib),
        Device::Mig(_, mig) => (mig.memory_mib, 0),
    }
}
