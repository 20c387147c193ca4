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
/// The device nodes can be opened by this user and by containers.
pub const DEVICE_MODE: Code = Code::new("H110");
/// The driver's management library answers.
pub const NVML: Code = Code::new("H111");
/// The fabric manager runs where there are NVSwitches.
pub const FABRIC_MANAGER: Code = Code::new("H115");
/// A GPU in MIG mode has instances.
pub const MIG_STATE: Code = Code::new("H119");
/// The driver's libraries are where the toolkit looks for them.
pub const DRIVER_ROOT: Code = Code::new("H123");
/// The loader cache knows the driver's libraries.
pub const LOADER_CACHE: Code = Code::new("H124");
/// The toolkit's configuration file fits the machine.
pub const TOOLKIT_CONFIG: Code = Code::new("H306");
/// There is one toolkit, not two side by side.
pub const TWO_TOOLKITS: Code = Code::new("H307");
/// No known escape is open in the installed versions.
pub const KNOWN_ESCAPES: Code = Code::new("H308");
/// The engine reads the directories that hold the specifications.
pub const CDI_DIRECTORIES: Code = Code::new("H401");
/// There is a CDI specification for the GPUs.
pub const CDI_PRESENT: Code = Code::new("H402");
/// Every CDI specification is valid.
pub const CDI_VALID: Code = Code::new("H403");
/// Every CDI specification fits the machine as it is.
pub const CDI_STALE: Code = Code::new("H404");
/// The engine's user may read the CDI specifications.
pub const CDI_PERMISSION: Code = Code::new("H406");
/// The hooks that CDI specifications name are there.
pub const CDI_HOOK: Code = Code::new("H407");
/// The engine has CDI switched on.
pub const CDI_ENABLED: Code = Code::new("H408");
/// No two CDI specifications define one device.
pub const CDI_CONFLICT: Code = Code::new("H411");
/// The engine knows the version of the CDI specifications.
pub const CDI_VERSION: Code = Code::new("H412");
/// GPUs survive a reload of systemd.
pub const RELOAD_LOSS: Code = Code::new("H501");
/// A running container has the device nodes that it was given.
pub const CONTAINER_NODES: Code = Code::new("H502");
/// A running container has the driver that is loaded.
pub const CONTAINER_STALE: Code = Code::new("H503");
/// A rootless daemon reads the configuration that was made for it.
pub const ROOTLESS: Code = Code::new("H504");
/// Podman does not inject the GPU twice.
pub const PODMAN_HOOK: Code = Code::new("H506");
/// WSL2 shows the driver of Windows.
pub const WSL_DRIVER: Code = Code::new("H601");
/// No Linux driver is installed in WSL2.
pub const WSL_LINUX_DRIVER: Code = Code::new("H602");
/// The node's container runtime knows the runtime nvidia.
pub const CRI_RUNTIME: Code = Code::new("H701");
/// The node's container runtime loads the file that names it.
pub const CRI_IMPORTS: Code = Code::new("H708");
/// The configuration template of K3s and RKE2 is one.
pub const CRI_TEMPLATE: Code = Code::new("H709");
/// The driver is new enough for the image.
pub const IMAGE_DRIVER: Code = Code::new("H801");
/// The image's loader finds the driver that is injected.
pub const IMAGE_LOADER: Code = Code::new("H803");
/// The image holds no files of a driver.
pub const IMAGE_FILES: Code = Code::new("H808");
/// A container that is started now opens its GPUs.
pub const CONTAINER_PROBE: Code = Code::new("H807");
/// Every GPU answers on the PCI bus.
pub const GPU_LOST: Code = Code::new("H113");
