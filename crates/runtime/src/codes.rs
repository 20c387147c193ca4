//! Stable codes of failures of the runtime shim and the prestart hook.

use diag::Code;

/// `config.toml` cannot be used.
pub const SETTINGS: Code = Code::new("R221");
/// No low-level runtime was found among the candidates.
pub const NO_LOW_LEVEL_RUNTIME: Code = Code::new("R222");
/// The mode that is asked for is not supported yet.
pub const MODE_NOT_SUPPORTED: Code = Code::new("R223");
/// A bundle's `config.json` cannot be read or written.
pub const BUNDLE: Code = Code::new("R224");
/// The program `nvidia-cdi-hook` or `nvidia-container-runtime-hook` was not found.
pub const HOOK_MISSING: Code = Code::new("R225");

/// The process in the container's state is not the container's.
pub const BAD_PROCESS: Code = Code::new("R401");
/// The device cgroup of the container cannot be found or widened.
pub const DEVICE_CGROUP: Code = Code::new("R402");
/// The kernel does not give out the device program of the container.
pub const HIDDEN_PROGRAM: Code = Code::new("R403");
/// What is to be injected cannot be carried out by the prestart hook.
pub const UNSUITED: Code = Code::new("R404");
