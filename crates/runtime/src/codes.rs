//! Stable codes of failures of the runtime shim and the prestart hook.

use diag::Code;

/// `config.toml` cannot be used.
pub const SETTINGS: Code = Code::new("R221");
/// No low-level runtime was found among the candidates.
pub const NO_LOW_LEVEL_RUNTIME: Code = Code::new("R222");
/// The driver's files or nodes changed while a container was started.
pub const MACHINE_CHANGED: Code = Code::new("R223");
/// A bundle's `config.json` cannot be read or written.
pub const BUNDLE: Code = Code::new("R224");
/// The program `nvidia-cdi-hook` or `nvidia-container-runtime-hook` was not found.
pub const HOOK_MISSING: Code = Code::new("R225");
/// A container asks for an IMEX channel that this machine does not have.
pub const NO_SUCH_CHANNEL: Code = Code::new("R226");

/// The process in the container's state is not the container's.
pub const BAD_PROCESS: Code = Code::new("R401");
/// The device cgroup of the container cannot be found or widened.
pub const DEVICE_CGROUP: Code = Code::new("R402");
/// The kernel does not give out the device program of the container.
pub const HIDDEN_PROGRAM: Code = Code::new("R403");
/// What is to be injected cannot be carried out by the prestart hook.
pub const UNSUITED: Code = Code::new("R404");
/// systemd does not take the device rules of a container's scope.
pub const SYSTEMD: Code = Code::new("R405");
/// The NVIDIA kernel module is not loaded.
pub const DRIVER_NOT_LOADED: Code = Code::new("R406");
/// Kernel module and libraries of the driver have different versions.
pub const DRIVER_MISMATCH: Code = Code::new("R407");
/// A capability node that is asked for (MIG configuration, IMEX channel) is not there.
pub const NO_CAPABILITY_NODE: Code = Code::new("R408");
/// What is asked for needs a privileged container.
pub const NOT_PRIVILEGED: Code = Code::new("R409");
/// The prestart hook is set to serve no mode but `legacy`.
pub const NOT_LEGACY: Code = Code::new("R411");
/// NVML cannot be used.
pub const NVML: Code = Code::new("R410");
