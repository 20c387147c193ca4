//! The codes of the doctor. Ids are those of the check catalogue and are never used again for
//! another meaning.

use diag::Code;

/// At least one NVIDIA GPU is on the PCI bus.
pub const GPU_ON_BUS: Code = Code::new("H101");
/// The NVIDIA kernel module is loaded.
pub const MODULE_LOADED: Code = Code::new("H102");
/// Kernel module and user space libraries have the same version.
pub const VERSION_SKEW: Code = Code::new("H103");
/// The GPUs are bound to the NVIDIA driver, not to nouveau or vfio-pci.
pub const BOUND_ELSEWHERE: Code = Code::new("H105");
/// The device nodes are there with the right numbers.
pub const DEVICE_NODES: Code = Code::new("H109");
/// The client talks to a daemon on this machine that can have a GPU.
pub const DOCKER_CONTEXT: Code = Code::new("H201");
/// More than one Docker daemon answers.
pub const TWO_DAEMONS: Code = Code::new("H202");
/// The daemon is confined by snap.
pub const SNAP_DOCKER: Code = Code::new("H203");
/// The daemon is old enough to lack `--gpus`.
pub const DISTRO_DOCKER_OLD: Code = Code::new("H204");
/// The caller may open the daemon's socket.
pub const SOCKET_PERMISSION: Code = Code::new("H205");
/// The daemon is installed and running.
pub const DAEMON_DOWN: Code = Code::new("H206");
/// A credential helper that the client configuration names is gone.
pub const CREDENTIAL_RESIDUE: Code = Code::new("H207");
/// The programs that serve `--gpus` are somewhere on the machine.
pub const TOOLKIT_PRESENT: Code = Code::new("H301");
/// The daemon's configuration file is valid.
pub const DAEMON_JSON: Code = Code::new("H302");
/// The daemon was started after those programs were put there.
pub const RESTART_NEEDED: Code = Code::new("H303");
/// Every registered runtime is an executable program.
pub const RUNTIME_BROKEN: Code = Code::new("H304");
/// The programs that serve `--gpus` are in the daemon's own `PATH`.
pub const HOOK_PATH: Code = Code::new("H313");
