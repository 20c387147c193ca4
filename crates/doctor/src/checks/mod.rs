//! The catalogue: one folder per check (`<code>_<name>/{mod.rs, doc.md}`) and one line here.

mod h101_gpu_on_bus;
mod h102_module_loaded;
mod h103_version_skew;
mod h105_nouveau;
mod h109_device_nodes;
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
mod h313_hook_path;

use crate::Check;

/// All checks, in the order of repair: of two independent causes the earlier one is put right first.
/// Hardware and driver come before the engine, since without them nothing can work; then the way
/// of a request: client, daemon, toolkit. What only hurts some uses comes last.
pub const ALL: &[Check] = &[
    h101_gpu_on_bus::CHECK,
    h105_nouveau::CHECK,
    h102_module_loaded::CHECK,
    h103_version_skew::CHECK,
    h201_docker_context::CHECK,
    h302_daemon_json::CHECK,
    h206_daemon_down::CHECK,
    h205_socket_permission::CHECK,
    h204_distro_docker_old::CHECK,
    h203_snap_docker::CHECK,
    h301_toolkit_present::CHECK,
    h313_hook_path::CHECK,
    h303_restart_needed::CHECK,
    h109_device_nodes::CHECK,
    h304_runtime_binary_broken::CHECK,
    h202_two_daemons::CHECK,
    h207_credential_residue::CHECK,
];

/// The check with this code (`H301`, in any case) or name (`toolkit-present`).
#[must_use]
pub fn by_code(text: &str) -> Option<&'static Check> {
    ALL.iter().find(|check| check.code.as_str().eq_ignore_ascii_case(text) || check.name == text)
}

#[cfg(test)]
mod tests;
