//! What NVML told in one session, as plain values.

use serde::{Deserialize, Serialize};

/// One session of NVML.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NvmlSnapshot {
    /// `nvmlSystemGetDriverVersion`.
    pub driver_version: String,
    /// `nvmlSystemGetCudaDriverVersion` as `(major, minor)`.
    pub cuda: Option<(u32, u32)>,
    /// GPUs in NVML's order.
    pub gpus: Vec<NvmlGpu>,
}

/// One GPU as NVML sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NvmlGpu {
    /// `nvmlDeviceGetName`.
    pub name: String,
    /// `nvmlDeviceGetUUID`.
    pub uuid: String,
    /// `nvmlDeviceGetPciInfo_v3`, written as sysfs does: `0000:07:00.0`.
    pub bus_id: String,
    /// `nvmlDeviceGetMinorNumber`.
    pub minor: u32,
    /// `nvmlDeviceGetMemoryInfo` total, in MiB (bytes / 1048576, rounded down).
    pub memory_mib: u64,
    /// `nvmlDeviceGetCudaComputeCapability`.
    pub compute_capability: Option<(u32, u32)>,
    /// `nvmlDeviceGetMigMode` current.
    pub mig_enabled: bool,
    /// MIG devices in NVML's order.
    pub mig: Vec<NvmlMig>,
    /// Whether `nvmlDeviceGetAddressingMode` tells address translation services.
    #[serde(default)]
    pub coherent: Option<bool>,
}

/// One MIG device as NVML sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NvmlMig {
    /// `nvmlDeviceGetUUID` of the MIG handle.
    pub uuid: String,
    /// Profile name, for example `1g.10gb`.
    pub profile: String,
    /// `nvmlDeviceGetGpuInstanceId`.
    pub gpu_instance: u32,
    /// `nvmlDeviceGetComputeInstanceId`.
    pub compute_instance: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
}
