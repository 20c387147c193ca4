//! Stable codes of what discovery finds.

use diag::Code;

/// The NVIDIA kernel module is not loaded.
pub const MODULE_NOT_LOADED: Code = Code::new("D101");
/// The driver's user space libraries are not there.
pub const NO_LIBRARIES: Code = Code::new("D102");
/// Kernel module and user space libraries have different versions.
pub const VERSION_SKEW: Code = Code::new("D103");
/// The kernel module is loaded but has no GPU.
pub const NO_GPU: Code = Code::new("D104");
/// The node of a GPU is missing.
pub const GPU_NODE_MISSING: Code = Code::new("D105");
/// `/dev/nvidiactl` is missing.
pub const CONTROL_NODE_MISSING: Code = Code::new("D106");
/// `/dev/nvidia-uvm` or `/dev/nvidia-uvm-tools` is missing.
pub const UVM_NODE_MISSING: Code = Code::new("D107");
/// A node has another major number than the kernel gave its driver.
pub const STALE_NODE: Code = Code::new("D108");
/// `libcuda.so` is missing although other libraries of the driver are there.
pub const NO_LIBCUDA: Code = Code::new("D109");
/// Libraries of several driver versions lie side by side.
pub const SEVERAL_VERSIONS: Code = Code::new("D110");
/// MIG is on, and what it needs is not known without NVML.
pub const MIG_NEEDS_NVML: Code = Code::new("D111");
/// The driver does not tell about a GPU.
pub const GPU_UNREADABLE: Code = Code::new("D112");
/// A GPU is left out: excluded by the administrator, or not reported by NVML.
pub const GPU_LEFT_OUT: Code = Code::new("D113");
/// The driver does not know the UUID of a GPU yet.
pub const UUID_UNKNOWN: Code = Code::new("D114");
/// Files named like libraries of the driver are none.
pub const NOT_A_LIBRARY: Code = Code::new("D115");
/// A mount list of a Tegra system cannot be read, or there is none.
pub const MOUNT_LISTS: Code = Code::new("D116");
/// What a mount list asks for is not on this machine.
pub const NOT_ON_MACHINE: Code = Code::new("D117");
/// WSL has no NVIDIA driver store, or several.
pub const DRIVER_STORE: Code = Code::new("D118");
/// A machine without PCI GPUs has no node to reach its GPU.
pub const NO_DEVICE_NODE: Code = Code::new("D119");
