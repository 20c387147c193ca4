//! Edits onto a container's configuration, as the reference library applies them.

use crate::{ContainerEdits, DeviceNode, Hook, Mount, codes};
use diag::{Failure, Result};
use oci::{Config, Stage};

/// What the host knows of a device node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostNode {
    /// `b`, `c` or `p`.
    pub kind: char,
    /// Major number.
    pub major: i64,
    /// Minor number.
    pub minor: i64,
    /// Permission bits.
    pub mode: u32,
}

/// Fills in what a specification leaves to the host: type, numbers and mode of device nodes. `look_up`
/// gets the path on the host. Without a mode a low-level runtime would let everybody open the node in the
/// container, also where the host does not.
///
/// # Errors
/// A node whose type or numbers are needed is not there (the failure of `look_up`), or it has another
/// type than the specification says.
pub fn complete_nodes(edits: &mut ContainerEdits, look_up: impl Fn(&str) -> Result<HostNode>) -> Result<()> {
    for node in &mut edits.device_nodes {
        let known =
            node.type_.as_deref().is_some_and(|kind| kind == "p" || (!kind.is_empty() && node.major != 0));
        if !known {
            let found = look_up(node.host_path.as_deref().unwrap_or(&node.path))?;
            complete(node, found)?;
            node.file_mode = node.file_mode.or(Some(found.mode));
        } else if node.file_mode.is_none() {
            node.file_mode =
                look_up(node.host_path.as_deref().unwrap_or(&node.path)).ok().map(|found| found.mode);
        }
    }
    Ok(())
}

fn complete(node: &mut DeviceNode, found: HostNode) -> Result<()> {
    match node.type_.as_deref().filter(|kind| !kind.is_empty()) {
        None => node.type_ = Some(found.kind.into()),
        Some(kind) if kind.starts_with(found.kind) => {}
        Some(kind) => {
            let message = format!(
                "CDI device {:?}: the specification says type {kind}, the host has {}",
                node.path, found.kind
            );
            return Err(Failure::coded(codes::EDITS_NOT_APPLICABLE, message));
        }
    }
    if node.major == 0 && found.kind != 'p' {
        (node.major, node.minor) = (found.major, found.minor);
    }
    Ok(())
}

/// Applies edits: environment appended, devices set with an allow rule each, mounts put in place of
/// those with the same destination and then sorted by depth, hooks and groups appended.
///
/// A node without a type counts as a character device: call [`complete_nodes`] first for edits that
/// come from a file.
///
/// # Errors
/// The configuration has an unexpected form where it is edited, or a hook has an unknown stage.
pub fn apply(edits: &ContainerEdits, config: &mut Config) -> Result<()> {
    for entry in last_of_each_name(&edits.env) {
        config.push_env(entry)?;
    }
    let owner = config.process_user();
    let devices: Vec<oci::Device> = edits.device_nodes.iter().map(|node| oci_device(node, owner)).collect();
    config.set_devices(&devices)?;
    edits.device_nodes.iter().zip(&devices).try_for_each(|(node, device)| allow(node, device, config))?;
    apply_net_devices(edits, config)?;
    if !edits.mounts.is_empty() {
        config.add_mounts(&edits.mounts.iter().map(oci_mount).collect::<Vec<_>>())?;
        config.sort_mounts()?;
    }
    edits.hooks.iter().try_for_each(|hook| apply_hook(hook, config))?;
    if let Some(rdt) = &edits.intel_rdt {
        config.set_linux("intelRdt", rdt)?;
    }
    edits.additional_gids.iter().filter(|gid| **gid != 0).try_for_each(|gid| config.add_gid(*gid))
}

/// Among the added entries a later one of the same name takes the place of the earlier.
fn last_of_each_name(entries: &[String]) -> Vec<&str> {
    let name = |entry: &str| entry.split('=').next().unwrap_or_default().to_owned();
    let mut kept: Vec<&str> = Vec::with_capacity(entries.len());
    for entry in entries {
        match kept.iter_mut().find(|other| name(other) == name(entry)) {
            Some(other) => *other = entry,
            None => kept.push(entry),
        }
    }
    kept
}

fn oci_device(node: &DeviceNode, owner: (u32, u32)) -> oci::Device {
    let unless_root = |id: u32| Some(id).filter(|id| *id != 0);
    oci::Device {
        path: node.path.clone(),
        kind: node.type_.clone().filter(|kind| !kind.is_empty()).unwrap_or_else(|| "c".into()),
        major: node.major,
        minor: node.minor,
        file_mode: node.file_mode,
        uid: node.uid.or(unless_root(owner.0)),
        gid: node.gid.or(unless_root(owner.1)),
    }
}

/// Lets the device cgroup pass what the node is for.
fn allow(node: &DeviceNode, device: &oci::Device, config: &mut Config) -> Result<()> {
    if !matches!(device.kind.as_str(), "b" | "c") {
        return Ok(());
    }
    let access = node.permissions.clone().filter(|access| !access.is_empty()).unwrap_or_else(|| "rwm".into());
    config.allow_device(&oci::DeviceRule {
        allow: true,
        kind: Some(device.kind.clone()),
        major: Some(device.major),
        minor: Some(device.minor),
        access: Some(access),
    })
}

fn apply_net_devices(edits: &ContainerEdits, config: &mut Config) -> Result<()> {
    if edits.net_devices.is_empty() {
        return Ok(());
    }
    let devices: std::collections::BTreeMap<_, _> = edits
        .net_devices
        .iter()
        .map(|device| {
            (&device.host_interface_name, std::collections::BTreeMap::from([("name", &device.name)]))
        })
        .collect();
    config.set_linux("netDevices", &devices)
}

fn oci_mount(mount: &Mount) -> oci::Mount {
    oci::Mount {
        destination: mount.container_path.clone(),
        kind: mount.type_.clone().filter(|kind| !kind.is_empty()),
        source: Some(mount.host_path.clone()),
        options: mount.options.clone(),
    }
}

fn apply_hook(hook: &Hook, config: &mut Config) -> Result<()> {
    let stage = Stage::from_name(&hook.hook_name).ok_or_else(|| {
        Failure::coded(codes::EDITS_NOT_APPLICABLE, format!("unknown hook name {:?}", hook.hook_name))
    })?;
    config.push_hook(
        stage,
        &oci::Hook {
            path: hook.path.clone(),
            args: hook.args.clone(),
            env: hook.env.clone(),
            timeout: hook.timeout,
        },
    )
}
