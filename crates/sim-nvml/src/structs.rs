//! The structures of NVML, laid out as `nvml.h` declares them.

use crate::abi::DeviceHandle;
use std::ffi::c_char;

/// `nvmlPciInfo_t`, the structure of `nvmlDeviceGetPciInfo_v3`.
#[repr(C)]
pub(crate) struct PciInfo {
    pub(crate) bus_id_legacy: [c_char; 16],
    pub(crate) domain: u32,
    pub(crate) bus: u32,
    pub(crate) device: u32,
    pub(crate) pci_device_id: u32,
    pub(crate) pci_subsystem_id: u32,
    pub(crate) bus_id: [c_char; 32],
}

/// `nvmlPciInfo_v2_t`, the structure of the two older `nvmlDeviceGetPciInfo` functions.
#[repr(C)]
pub(crate) struct PciInfoV2 {
    pub(crate) bus_id: [c_char; 16],
    pub(crate) domain: u32,
    pub(crate) bus: u32,
    pub(crate) device: u32,
    pub(crate) pci_device_id: u32,
    pub(crate) pci_subsystem_id: u32,
    pub(crate) reserved: [u32; 4],
}

/// `nvmlMemory_t`, in bytes.
#[repr(C)]
pub(crate) struct Memory {
    pub(crate) total: u64,
    pub(crate) free: u64,
    pub(crate) used: u64,
}

/// `nvmlMemory_v2_t`, in bytes. The caller states the version it was built for.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct MemoryV2 {
    pub(crate) version: u32,
    pub(crate) total: u64,
    pub(crate) reserved: u64,
    pub(crate) free: u64,
    pub(crate) used: u64,
}

impl MemoryV2 {
    /// `NVML_STRUCT_VERSION(Memory, 2)`: the size in the low bits, the version from bit 24 on.
    pub(crate) const VERSION: u32 = 40 | (2 << 24);
}

/// `nvmlDeviceAddressingMode_v1_t`. The caller states the version it was built for.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct AddressingMode {
    pub(crate) version: u32,
    pub(crate) value: u32,
}

impl AddressingMode {
    /// `NVML_STRUCT_VERSION(DeviceAddressingMode, 1)`.
    pub(crate) const VERSION: u32 = 8 | (1 << 24);
    pub(crate) const NONE: u32 = 0;
    pub(crate) const ATS: u32 = 2;
}

/// `nvmlUtilization_t`, in percent.
#[repr(C)]
pub(crate) struct Utilization {
    pub(crate) gpu: u32,
    pub(crate) memory: u32,
}

/// `nvmlDeviceAttributes_t` of a MIG device.
#[repr(C)]
pub(crate) struct Attributes {
    pub(crate) multiprocessors: u32,
    pub(crate) shared_copy_engines: u32,
    pub(crate) shared_decoders: u32,
    pub(crate) shared_encoders: u32,
    pub(crate) shared_jpegs: u32,
    pub(crate) shared_ofas: u32,
    pub(crate) gpu_slices: u32,
    pub(crate) compute_slices: u32,
    pub(crate) memory_mib: u64,
}

/// `nvmlGpuInstancePlacement_t`, `nvmlComputeInstancePlacement_t`: slices.
#[repr(C)]
pub(crate) struct Placement {
    pub(crate) start: u32,
    pub(crate) size: u32,
}

/// `nvmlGpuInstanceInfo_t`.
#[repr(C)]
pub(crate) struct GpuInstanceInfo {
    pub(crate) device: DeviceHandle,
    pub(crate) id: u32,
    pub(crate) profile: u32,
    pub(crate) placement: Placement,
}

/// `nvmlComputeInstanceInfo_t`.
#[repr(C)]
pub(crate) struct ComputeInstanceInfo {
    pub(crate) device: DeviceHandle,
    pub(crate) gpu_instance: DeviceHandle,
    pub(crate) id: u32,
    pub(crate) profile: u32,
    pub(crate) placement: Placement,
}

/// `nvmlGpuInstanceProfileInfo_t`.
#[derive(Default)]
#[repr(C)]
pub(crate) struct GpuInstanceProfile {
    pub(crate) id: u32,
    pub(crate) peer_to_peer: u32,
    pub(crate) slices: u32,
    pub(crate) instances: u32,
    pub(crate) multiprocessors: u32,
    pub(crate) copy_engines: u32,
    pub(crate) decoders: u32,
    pub(crate) encoders: u32,
    pub(crate) jpegs: u32,
    pub(crate) ofas: u32,
    pub(crate) memory_mib: u64,
}

/// `nvmlComputeInstanceProfileInfo_t`.
#[derive(Default)]
#[repr(C)]
pub(crate) struct ComputeInstanceProfile {
    pub(crate) id: u32,
    pub(crate) slices: u32,
    pub(crate) instances: u32,
    pub(crate) multiprocessors: u32,
    pub(crate) copy_engines: u32,
    pub(crate) decoders: u32,
    pub(crate) encoders: u32,
    pub(crate) jpegs: u32,
    pub(crate) ofas: u32,
}

/// Text as a C array: cut to leave room for the final zero.
pub(crate) fn c_array<const N: usize>(text: &str) -> [c_char; N] {
    let mut array = [0; N];
    for (target, byte) in array.iter_mut().take(N - 1).zip(text.bytes()) {
        *target = byte.cast_signed();
    }
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_c_header() {
        assert_eq!(size_of::<PciInfo>(), 68);
        assert_eq!(size_of::<PciInfoV2>(), 52);
        assert_eq!(size_of::<Memory>(), 24);
        assert_eq!(size_of::<MemoryV2>(), 40);
        assert_eq!(size_of::<Attributes>(), 40);
        assert_eq!(size_of::<AddressingMode>(), 8);
        assert_eq!(size_of::<GpuInstanceInfo>(), 24);
        assert_eq!(size_of::<ComputeInstanceInfo>(), 32);
        assert_eq!(size_of::<GpuInstanceProfile>(), 48);
        assert_eq!(size_of::<ComputeInstanceProfile>(), 36);
    }

    #[test]
    fn c_arrays_end_in_zero() {
        assert_eq!(c_array::<4>("abcdef").map(c_char::cast_unsigned), *b"abc\0");
        assert_eq!(c_array::<4>("a").map(c_char::cast_unsigned), *b"a\0\0\0");
    }
}
