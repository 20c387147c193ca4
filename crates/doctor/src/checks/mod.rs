//! The catalogue: one folder per check (`<code>_<name>/{mod.rs, doc.md}`) and one line here.

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
mod h808_baked_driver;

use crate::Check;

/// All checks, in the order of repair: of two independent causes the earlier one is put right first.
/// Hardware and driver come before the engine, since without them nothing can work; then the way
/// of a request: client, daemon, toolkit. What only hurts some uses comes last.
pub const ALL: &[Check] = &[
    h101_gpu_on_bus::CHECK,
    h113_gpu_lost::CHECK,
    h105_nouveau::CHECK,
    h102_module_loaded::CHECK,
    h601_wsl_driver::CHECK,
    h602_linux_driver_in_wsl::CHECK,
    h123_driver_root::CHECK,
    h103_version_skew::CHECK,
    h110_device_perms::CHECK,
    h111_nvml_answers::CHECK,
    h115_fabric_manager::CHECK,
    h119_mig_state::CHECK,
    h124_loader_cache::CHECK,
    h201_docker_context::CHECK,
    h302_daemon_json::CHECK,
    h206_daemon_down::CHECK,
    h205_socket_permission::CHECK,
    h204_distro_docker_old::CHECK,
    h203_snap_docker::CHECK,
    h301_toolkit_present::CHECK,
    h313_hook_path::CHECK,
    h303_restart_needed::CHECK,
    h306_toolkit_config::CHECK,
    h109_device_nodes::CHECK,
    h403_cdi_valid::CHECK,
    h411_cdi_conflict::CHECK,
    h412_cdi_version::CHECK,
    h406_cdi_permission::CHECK,
    h401_cdi_dirs::CHECK,
    h402_cdi_present::CHECK,
    h404_cdi_stale::CHECK,
    h407_cdi_hook::CHECK,
    h408_cdi_enabled::CHECK,
    h709_cri_template::CHECK,
    h708_cri_imports::CHECK,
    h701_cri_runtime::CHECK,
    h304_runtime_binary_broken::CHECK,
    h504_rootless::CHECK,
    h506_podman_hooks_legacy::CHECK,
    h307_two_toolkits::CHECK,
    h308_known_escapes::CHECK,
    h202_two_daemons::CHECK,
    h207_credential_residue::CHECK,
    h808_baked_driver::CHECK,
    h801_image_requires::CHECK,
    h803_libcuda_resolution::CHECK,
    h502_container_lost_gpu::CHECK,
    h503_container_driver_stale::CHECK,
    h501_reload_loss::CHECK,
];

/// The check with this code (`H301`, in any case) or name (`toolkit-present`).
#[must_use]
pub fn by_code(text: &str) -> Option<&'static Check> {
    ALL.iter().find(|check| check.code.as_str().eq_ignore_ascii_case(text) || check.name == text)
}

#[cfg(test)]
mod tests;
