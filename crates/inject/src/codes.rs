//! Stable codes of requests that cannot be met.

use diag::Code;

/// A container asks for a GPU or MIG device that this machine does not have.
pub const NO_SUCH_DEVICE: Code = Code::new("R201");
/// A device id is neither index, UUID nor PCI address.
pub const INVALID_DEVICE_ID: Code = Code::new("R202");
/// A container asks for GPUs, but there is no NVIDIA driver.
pub const NO_DRIVER: Code = Code::new("R203");
/// The device node of a GPU that was asked for is missing.
pub const NODE_MISSING: Code = Code::new("R204");
/// A container asks for driver capabilities that do not exist or are not allowed.
pub const UNSUPPORTED_CAPABILITIES: Code = Code::new("R205");
/// Devices of our own just-in-time kind are asked for together with devices of other kinds.
pub const MIXED_KINDS: Code = Code::new("R206");
/// The driver or a GPU does not give what `NVIDIA_REQUIRE_*` of an image asks for.
pub const REQUIREMENT_NOT_MET: Code = Code::new("R207");
/// A `NVIDIA_REQUIRE_*` expression or `CUDA_VERSION` cannot be understood.
pub const INVALID_REQUIREMENT: Code = Code::new("R208");
