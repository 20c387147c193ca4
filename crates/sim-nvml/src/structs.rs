//! The structures of NVML, laid out as `nvml.h` declares them.

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
    }

    #[test]
    fn c_arrays_end_in_zero() {
        assert_eq!(c_array::<4>("abcdef").map(c_char::cast_unsigned), *b"abc\0");
        assert_eq!(c_array::<4>("a").map(c_char::cast_unsigned), *b"a\0\0\0");
    }
}
