//! The codes of what can go wrong with a simulated host.

use diag::Code;

/// A host description cannot be read or contradicts itself.
pub const BAD_DESCRIPTION: Code = Code::new("M101");
/// No preset of that name.
pub const NO_SUCH_PRESET: Code = Code::new("M102");
/// A real NVIDIA driver is loaded: its device nodes would be the simulated ones.
pub const REAL_DRIVER: Code = Code::new("M103");
/// The simulation needs root.
pub const NOT_ROOT: Code = Code::new("M104");
/// The simulated NVML or `nvidia-smi` was not built or not installed.
pub const NO_ARTEFACTS: Code = Code::new("M105");
/// The namespace of the simulation could not be made.
pub const NO_NAMESPACE: Code = Code::new("M106");
/// The given root is not one.
pub const BAD_ROOT: Code = Code::new("M107");
/// The command could not be started inside the simulation.
pub const NO_COMMAND: Code = Code::new("M108");
/// A container's `/proc/driver` could not be brought in.
pub const CONTAINER_PROC: Code = Code::new("M109");
