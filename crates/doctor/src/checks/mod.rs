//! The catalogue: one folder per check (`<code>_<name>/{mod.rs, doc.md}`), its `mod` line and one row here.

mod h101_gpu_on_bus;
mod h102_module_loaded;
mod h103_version_skew;
mod h105_nouveau;
mod h109_device_nodes;
mod h110_device_perms;
mod h111_nvml_answers;
mod h113_gpu_lost;
mod h115_fabric_manager;
mod h119_mig_state;
mod h123_driver_root;
mod h124_loader_cache;
mod h201_docker_context;
mod h202_two_daemons;
mod h203_snap_docker;
mod h204_distro_docker_old;
mod h205_socket_permission;
mod h206_daemon_down;
mod h207_credential_residue;
mod h301_toolkit_present;
mod h302_daemon_json;
mod h303_restart_needed;
mod h304_runtime_binary_broken;
mod h306_toolkit_config;
mod h307_two_toolkits;
mod h308_known_escapes;
mod h313_hook_path;
mod h401_cdi_dirs;
mod h402_cdi_present;
mod h403_cdi_valid;
mod h404_cdi_stale;
mod h406_cdi_permission;
mod h407_cdi_hook;
mod h408_cdi_enabled;
mod h411_cdi_conflict;
mod h412_cdi_version;
mod h501_reload_loss;
mod h502_container_lost_gpu;
mod h503_container_driver_stale;
mod h504_rootless;
mod h506_podman_hooks_legacy;
mod h601_wsl_driver;
mod h602_linux_driver_in_wsl;
mod h701_cri_runtime;
mod h708_cri_imports;
mod h709_cri_template;
mod h801_image_requires;
mod h803_libcuda_resolution;
mod h807_container_probe;
mod h808_baked_driver;

use crate::check::{ANY, DOCKER, NODES, PODMAN};
use crate::codes::*;
use crate::{Check, Layer};
use diag::Severity;

/// Rows of checks: the folder, the code, the name, the first column of the report, the layer, the worst
/// that it reports, the engines; then whose findings follow from its own, and who cannot tell because of it.
macro_rules! table {
    ($($folder:ident: $code:ident $name:literal, $label:literal, $layer:ident, $weight:ident, $engines:ident
        $(explains [$($explained:ident)+])? $(blinds [$($blinded:ident)+])?;)+) => {
        &[$(Check {
            code: $code,
            name: $name,
            label: $label,
            layer: Layer::$layer,
            weight: Severity::$weight,
            engines: $engines,
            explains: &[$($($explained),+)?],
            blinds: &[$($($blinded),+)?],
            run: $folder::run,
            remedy: $folder::remedy,
            doc: include_str!(concat!(stringify!($folder), "/doc.md")),
        }),+]
    };
}

/// All checks, in the order of repair: of two independent causes the earlier one is put right first.
/// Hardware and driver come before the engine, since without them nothing can work; then the way
/// of a request: client, daemon, toolkit. What only hurts some uses comes last.
pub const ALL: &[Check] = table! {
    h101_gpu_on_bus: GPU_ON_BUS "gpu-on-bus", "on the bus", Gpu, Error, ANY
        explains [BOUND_ELSEWHERE MODULE_LOADED VERSION_SKEW DEVICE_NODES NVML LOADER_CACHE GPU_LOST FABRIC_MANAGER];
    h113_gpu_lost: GPU_LOST "gpu-lost", "answers", Gpu, Error, ANY
        explains [NVML DEVICE_NODES FABRIC_MANAGER]
        blinds [NVML];
    h105_nouveau: BOUND_ELSEWHERE "nouveau", "bound driver", Gpu, Error, ANY
        explains [MODULE_LOADED VERSION_SKEW DEVICE_NODES NVML];
    h102_module_loaded: MODULE_LOADED "module-loaded", "kernel module", Driver, Error, ANY
        explains [VERSION_SKEW DEVICE_NODES NVML CDI_STALE FABRIC_MANAGER];
    h601_wsl_driver: WSL_DRIVER "wsl-driver", "WSL driver", Driver, Error, ANY
        explains [NVML];
    h602_linux_driver_in_wsl: WSL_LINUX_DRIVER "linux-driver-in-wsl", "Linux driver", Driver, Error, ANY
        explains [VERSION_SKEW NVML];
    h123_driver_root: DRIVER_ROOT "driver-root", "driver root", Driver, Error, ANY
        explains [VERSION_SKEW NVML LOADER_CACHE];
    h103_version_skew: VERSION_SKEW "version-skew", "user space", Driver, Error, ANY
        explains [NVML CDI_STALE];
    h110_device_perms: DEVICE_MODE "device-perms", "node modes", Permissions, Warning, ANY
        explains [NVML];
    h111_nvml_answers: NVML "nvml-answers", "NVML", Driver, Warning, ANY
        explains [MIG_STATE];
    h115_fabric_manager: FABRIC_MANAGER "fabric-manager", "fabric manager", Driver, Error, ANY;
    h119_mig_state: MIG_STATE "mig-state", "MIG", Gpu, Warning, ANY;
    h124_loader_cache: LOADER_CACHE "loader-cache", "loader cache", Driver, Warning, ANY;
    h201_docker_context: DOCKER_CONTEXT "docker-context", "client", Engine, Error, DOCKER
        explains [DAEMON_DOWN SOCKET_PERMISSION]
        blinds [DAEMON_JSON DISTRO_DOCKER_OLD HOOK_PATH RESTART_NEEDED RUNTIME_BROKEN SNAP_DOCKER TOOLKIT_PRESENT];
    h302_daemon_json: DAEMON_JSON "daemon-json", "configuration", Engine, Error, DOCKER
        explains [DAEMON_DOWN];
    h206_daemon_down: DAEMON_DOWN "daemon-down", "daemon", Engine, Error, DOCKER
        blinds [DISTRO_DOCKER_OLD DOCKER_CONTEXT HOOK_PATH RESTART_NEEDED RUNTIME_BROKEN SNAP_DOCKER];
    h205_socket_permission: SOCKET_PERMISSION "socket-permission", "daemon socket", Permissions, Error, DOCKER
        blinds [DISTRO_DOCKER_OLD DOCKER_CONTEXT HOOK_PATH RESTART_NEEDED RUNTIME_BROKEN SNAP_DOCKER];
    h204_distro_docker_old: DISTRO_DOCKER_OLD "distro-docker-old", "version", Engine, Error, DOCKER
        explains [TOOLKIT_PRESENT HOOK_PATH RESTART_NEEDED];
    h203_snap_docker: SNAP_DOCKER "snap-docker", "confinement", Engine, Error, DOCKER
        explains [TOOLKIT_PRESENT HOOK_PATH RESTART_NEEDED];
    h301_toolkit_present: TOOLKIT_PRESENT "toolkit-present", "installed", Toolkit, Error, DOCKER
        explains [HOOK_PATH RESTART_NEEDED RUNTIME_BROKEN];
    h313_hook_path: HOOK_PATH "hook-path", "dockerd's PATH", Toolkit, Error, DOCKER
        explains [RESTART_NEEDED];
    h303_restart_needed: RESTART_NEEDED "restart-needed", "known to dockerd", Toolkit, Error, DOCKER;
    h306_toolkit_config: TOOLKIT_CONFIG "toolkit-config", "configuration", Toolkit, Error, ANY;
    h109_device_nodes: DEVICE_NODES "device-nodes", "device nodes", Driver, Error, ANY
        explains [NVML];
    h403_cdi_valid: CDI_VALID "cdi-valid", "valid", Cdi, Warning, ANY
        explains [CDI_PRESENT];
    h411_cdi_conflict: CDI_CONFLICT "cdi-conflict", "no conflict", Cdi, Warning, ANY
        explains [CDI_PRESENT];
    h412_cdi_version: CDI_VERSION "cdi-version", "version", Cdi, Warning, ANY
        explains [CDI_PRESENT];
    h406_cdi_permission: CDI_PERMISSION "cdi-permission", "readable", Cdi, Warning, ANY
        explains [CDI_PRESENT];
    h401_cdi_dirs: CDI_DIRECTORIES "cdi-dirs", "CDI directories", Cdi, Warning, DOCKER
        explains [CDI_PRESENT];
    h402_cdi_present: CDI_PRESENT "cdi-present", "specification", Cdi, Error, ANY;
    h404_cdi_stale: CDI_STALE "cdi-stale", "up to date", Cdi, Warning, ANY;
    h407_cdi_hook: CDI_HOOK "cdi-hook", "its hooks", Cdi, Warning, ANY;
    h504_rootless: ROOTLESS "rootless", "rootless", Engine, Warning, DOCKER
        explains [CDI_ENABLED];
    h408_cdi_enabled: CDI_ENABLED "cdi-enabled", "CDI", Cdi, Warning, DOCKER
        explains [CDI_DIRECTORIES];
    h709_cri_template: CRI_TEMPLATE "cri-template", "template", Engine, Error, NODES
        explains [CRI_RUNTIME];
    h708_cri_imports: CRI_IMPORTS "cri-imports", "imports", Engine, Error, NODES
        explains [CRI_RUNTIME];
    h701_cri_runtime: CRI_RUNTIME "cri-runtime", "runtime nvidia", Engine, Error, NODES;
    h304_runtime_binary_broken: RUNTIME_BROKEN "runtime-binary-broken", "runtimes", Toolkit, Error, DOCKER;
    h506_podman_hooks_legacy: PODMAN_HOOK "podman-hooks-legacy", "old hook", Engine, Warning, PODMAN;
    h307_two_toolkits: TWO_TOOLKITS "two-toolkits", "how many", Toolkit, Warning, ANY;
    h308_known_escapes: KNOWN_ESCAPES "known-escapes", "known escapes", Toolkit, Warning, ANY;
    h202_two_daemons: TWO_DAEMONS "two-daemons", "other daemons", Engine, Note, DOCKER;
    h207_credential_residue: CREDENTIAL_RESIDUE "credential-residue", "registry logins", Permissions, Warning, DOCKER;
    h807_container_probe: CONTAINER_PROBE "container-probe", "container", Images, Error, ANY;
    h808_baked_driver: IMAGE_FILES "baked-driver", "driver files", Images, Error, ANY;
    h801_image_requires: IMAGE_DRIVER "image-requires", "requirement", Images, Error, ANY;
    h803_libcuda_resolution: IMAGE_LOADER "libcuda-resolution", "loader", Images, Warning, ANY;
    h502_container_lost_gpu: CONTAINER_NODES "container-lost-gpu", "nodes inside", Images, Error, ANY;
    h503_container_driver_stale: CONTAINER_STALE "container-driver-stale", "driver inside", Images, Error, ANY;
    h501_reload_loss: RELOAD_LOSS "reload-loss", "daemon-reload", Engine, Note, DOCKER;
};

/// The check with this code (`H301`, in any case) or name (`toolkit-present`).
#[must_use]
pub fn by_code(text: &str) -> Option<&'static Check> {
    ALL.iter().find(|check| check.code.as_str().eq_ignore_ascii_case(text) || check.name == text)
}

#[cfg(test)]
mod tests;
