//! How a specification was made, told from what it holds.

use super::live;
use super::options::Options;
use crate::codes;
use crate::session::Session;
use cdi::{Hook, Spec};
use diag::{Failure, Result};
use inject::{Ask, HOOK_NAMES, HookStyle, Naming, Policy, SpecOptions};

/// The options with which `old` would be made again.
///
/// # Errors
/// It is not about GPUs.
pub(super) fn options(session: &Session, old: &Spec) -> Result<Options> {
    let about_gpus = old.devices.iter().any(|device| {
        let nodes = &device.container_edits.device_nodes;
        nodes.iter().any(|node| is_gpu(&node.path) || node.path == "/dev/dxg")
    });
    let (vendor, class) = old.kind.split_once('/').unwrap_or((&old.kind, ""));
    if !about_gpus {
        let what =
            format!("{} is no specification of NVIDIA GPUs: no device has a node /dev/nvidiaN", old.kind);
        return Err(Failure::coded(codes::BAD_VALUE, what));
    }
    let hooks = hooks(old);
    let root = driver_root(old);
    let places = discover::Options {
        dev_root: dev_root(old).unwrap_or_else(|| root.clone()),
        driver_root: root,
        settings_file: session.settings_path(),
        ..discover::Options::default()
    };
    let spec = SpecOptions {
        vendor: vendor.to_owned(),
        class: class.to_owned(),
        naming: naming(old),
        all_device: old.devices.iter().any(|device| device.name == "all"),
        devices: Ask::All,
        policy: policy(old, &hooks),
    };
    Ok(Options {
        spec,
        places,
        special: None,
        without_sockets: false,
        coherent: false,
        live: hooks.iter().any(|hook| names(hook, live::HOOK)),
        allow_incomplete: true,
    })
}

fn is_gpu(path: &str) -> bool {
    path.strip_prefix("/dev/nvidia")
        .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()) && !rest.is_empty())
}

fn hooks(old: &Spec) -> Vec<&Hook> {
    let devices = old.devices.iter().map(|device| &device.container_edits);
    devices.chain([&old.container_edits]).flat_map(|edits| &edits.hooks).collect()
}

fn names(hook: &Hook, name: &str) -> bool {
    hook.args.iter().take(3).any(|argument| argument == name)
}

fn naming(old: &Spec) -> Vec<Naming> {
    let any = |test: fn(&str) -> bool| old.devices.iter().any(|device| test(&device.name));
    let typed = |name: &str| name.starts_with("gpu") || name.starts_with("mig");
    let uuid = |name: &str| name.starts_with("GPU-") || name.starts_with("MIG-");
    let index = |name: &str| name.starts_with(|c: char| c.is_ascii_digit());
    let mut naming = Vec::new();
    naming.extend(any(index).then_some(Naming::Index));
    naming.extend(any(typed).then_some(Naming::TypeIndex));
    naming.extend(any(uuid).then_some(Naming::Uuid));
    naming
}

fn policy(old: &Spec, hooks: &[&Hook]) -> Policy {
    let program = hooks.first().map_or("/usr/bin/nvidia-cdi-hook", |hook| hook.path.as_str());
    let fused = hooks.iter().any(|hook| names(hook, "prepare-container") || names(hook, live::HOOK));
    let devices = old.devices.iter().map(|device| &device.container_edits);
    let groups = devices.chain([&old.container_edits]).any(|edits| !edits.additional_gids.is_empty());
    let absent = |name: &&&str| !fused && !hooks.iter().any(|hook| names(hook, name));
    let disabled = if hooks.is_empty() {
        vec!["all".to_owned()]
    } else if let Some(live) = hooks.iter().find(|hook| names(hook, live::HOOK)) {
        live.args.iter().filter_map(|word| word.strip_prefix("--disable-hook=")).map(str::to_owned).collect()
    } else {
        HOOK_NAMES.iter().filter(absent).map(|name| (*name).to_owned()).collect()
    };
    Policy {
        hook_style: if fused { HookStyle::Fused } else { HookStyle::Separate },
        additional_gids: groups,
        disabled_hooks: disabled,
        ..Policy::new(program)
    }
}

/// What stands before the path in the container where a library lies on the host.
fn driver_root(old: &Spec) -> String {
    let told = hooks(old)
        .into_iter()
        .flat_map(|hook| &hook.args)
        .find_map(|word| word.strip_prefix("--driver-root="));
    if let Some(root) = told {
        return root.to_owned();
    }
    let prefix = |mount: &cdi::Mount| Some(mount.host_path.strip_suffix(&mount.container_path)?.to_owned());
    let library = |mount: &&cdi::Mount| mount.container_path.contains(".so.");
    let root = old.container_edits.mounts.iter().filter(library).find_map(prefix).unwrap_or_default();
    if root.is_empty() { "/".to_owned() } else { root }
}

fn dev_root(old: &Spec) -> Option<String> {
    let nodes = old.devices.iter().flat_map(|device| &device.container_edits.device_nodes);
    let mut gpus = nodes.filter(|node| is_gpu(&node.path));
    let gpu = gpus.next()?;
    let root = match &gpu.host_path {
        Some(host) => host.strip_suffix(&gpu.path)?.to_owned(),
        None => String::new(),
    };
    Some(if root.is_empty() { "/".to_owned() } else { root })
}
