//! What the simulated NVML knows, and how it is carried inside that library's own file.
//!
//! The library must learn about its host from nothing but its own bytes: no environment variable,
//! no file that a container start did not inject. [`Facts`] is that knowledge as a value;
//! [`carrier`] puts it into the file and takes it out again. Both sides of the carrier, `sim` and
//! `sim-nvml`, use this crate, so they cannot drift apart.

pub mod carrier;

use serde::{Deserialize, Serialize};

/// Everything the simulated NVML can tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Version of the user space libraries, of which NVML is one.
    pub driver_version: String,
    /// Version of the loaded kernel module; `None` when no module is loaded.
    pub module_version: Option<String>,
    /// CUDA version that the driver supports, as `(major, minor)`.
    pub cuda: (u32, u32),
    /// GPUs in PCI bus order.
    pub gpus: Vec<GpuFacts>,
    /// How this NVML misbehaves.
    pub fault: NvmlFault,
    /// How long NVML takes to start, and again to open each device, in milliseconds.
    pub latency_ms: u64,
    /// The one node by which driver and GPUs are reached where there are none for each (`/dev/dxg`).
    #[serde(default)]
    pub only_node: Option<String>,
}

impl Facts {
    /// Whether the kernel module and this library are of different versions, which NVML refuses.
    #[must_use]
    pub fn versions_differ(&self) -> bool {
        self.module_version.as_ref().is_some_and(|module| *module != self.driver_version)
    }
}

/// How the simulated NVML misbehaves when it is initialised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NvmlFault {
    /// It does not.
    #[default]
    None,
    /// `nvmlInit` returns this `nvmlReturn_t`.
    Error(u32),
    /// `nvmlInit` never returns.
    Hang,
    /// `nvmlInit` ends the calling process by a signal.
    Crash,
}

/// One GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuFacts {
    /// Model name, for example `NVIDIA H100 80GB HBM3`.
    pub name: String,
    /// `GPU-...`.
    pub uuid: String,
    /// Board serial number; consumer boards tell none.
    pub serial: Option<String>,
    /// PCI address as sysfs writes it: `0000:07:00.0`.
    pub bus_id: String,
    /// PCI vendor (low half) and device (high half): `0x233010de`.
    pub pci_id: u32,
    /// PCI subsystem vendor (low half) and device (high half).
    pub subsystem_id: u32,
    /// Minor of its node: `/dev/nvidia<minor>`.
    pub minor: u32,
    /// Total memory in MiB.
    pub memory_mib: u64,
    /// Memory in use in MiB.
    pub memory_used_mib: u64,
    /// Compute capability as `(major, minor)`.
    pub compute_capability: (u32, u32),
    /// `nvmlBrandType_t`.
    pub brand: u32,
    /// `nvmlDeviceArchitecture_t`.
    pub architecture: u32,
    /// NUMA node, where the GPU has one.
    pub numa_node: Option<u32>,
    /// What the sensors show.
    pub readings: Readings,
    /// Whether this GPU can be partitioned, and how it is; `None` for GPUs without MIG.
    pub mig: Option<MigFacts>,
    /// Whether it shares the address space of the CPU.
    #[serde(default)]
    pub coherent: bool,
    /// Whether it is a part of the chip: NVML then knows no PCI address.
    #[serde(default)]
    pub integrated: bool,
}

/// What the sensors of an idle GPU show: constants of the description.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readings {
    /// Degrees Celsius.
    pub temperature_c: u32,
    /// Power draw in milliwatts.
    pub power_mw: u32,
    /// Power limit in milliwatts.
    pub power_limit_mw: u32,
    /// Performance state: 0 is the highest, 15 the lowest.
    pub performance_state: u32,
    /// Fan speed in percent; GPUs without a fan tell none.
    pub fan_percent: Option<u32>,
    /// Utilisation of the compute units in percent.
    pub gpu_utilization: u32,
    /// Utilisation of the memory controller in percent.
    pub memory_utilization: u32,
    /// Whether persistence mode is on.
    pub persistence_mode: bool,
    /// Whether error correction is on; GPUs without it tell nothing.
    pub ecc: Option<bool>,
}

/// How a GPU that knows MIG is partitioned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigFacts {
    /// Whether MIG mode is on.
    pub enabled: bool,
    /// The most MIG devices that the GPU can hold.
    pub max_devices: u32,
    /// The MIG devices.
    pub devices: Vec<MigDeviceFacts>,
}

/// One MIG device: a compute instance in a GPU instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigDeviceFacts {
    /// `MIG-...`.
    pub uuid: String,
    /// Profile name, for example `1g.10gb`.
    pub profile: String,
    /// GPU instance id.
    pub gpu_instance: u32,
    /// Compute instance id.
    pub compute_instance: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Slices of the GPU instance, the first figure of the profile.
    pub gpu_slices: u32,
    /// Slices of the compute instance.
    pub compute_slices: u32,
    /// Multiprocessors.
    pub multiprocessors: u32,
    /// Minors of the capability nodes `/dev/nvidia-caps/nvidia-cap<minor>` of the GPU instance and
    /// of the compute instance: whoever cannot open both does not see the device.
    pub caps: (u32, u32),
}
