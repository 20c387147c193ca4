//! The rules of the standard that a parsed specification must keep.

use crate::name::{validate_class, validate_device, validate_vendor};
use crate::{ContainerEdits, DeviceNode, Hook, IntelRdt, Mount, NetDevice, Spec, codes, version};
use diag::{Failure, Result};
use std::collections::HashSet;

/// Bytes that the name of a class of service must stay below: it becomes the name of a directory.
const MAX_CLOS_ID_BYTES: usize = 4096;

const HOOK_NAMES: &[&str] =
    &["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

impl Spec {
    /// Checks the rules of the standard.
    ///
    /// # Errors
    /// The first broken rule, naming the device and the value.
    pub fn validate(&self) -> Result<()> {
        self.validate_version()?;
        self.validate_rest()
    }

    /// Checks all rules but the one that a file declares the version that it needs, which some engines
    /// do not ask for.
    ///
    /// # Errors
    /// The first broken rule.
    pub fn validate_undeclared(&self) -> Result<()> {
        self.declared()?;
        self.validate_rest()
    }

    fn validate_rest(&self) -> Result<()> {
        let (vendor, class) = self
            .kind
            .split_once('/')
            .ok_or_else(|| broken(format!("invalid kind {:?}: no vendor/class", self.kind)))?;
        validate_vendor(vendor)?;
        validate_class(class)?;
        edits(&self.container_edits)?;
        self.validate_devices()
    }

    fn declared(&self) -> Result<usize> {
        version::position(&self.cdi_version)
            .ok_or_else(|| broken(format!("unknown CDI version {:?}", self.cdi_version)))
    }

    fn validate_version(&self) -> Result<()> {
        let declared = self.declared()?;
        let minimum = self.minimum_version();
        match version::position(minimum) {
            Some(needed) if needed > declared => Err(broken(format!(
                "the spec says cdiVersion {}, but what it uses requires {minimum}: {}",
                self.cdi_version,
                self.beyond(&self.cdi_version).join(", ")
            ))),
            _ => Ok(()),
        }
    }

    fn validate_devices(&self) -> Result<()> {
        let mut names = HashSet::new();
        for device in &self.devices {
            let in_device = |cause: Failure| {
                let message = format!("failed add device {:?}", device.name);
                Failure::coded(codes::SPEC_INVALID, message).caused_by(cause)
            };
            validate_device(&device.name).map_err(in_device)?;
            if device.container_edits.is_empty() {
                return Err(in_device(broken("invalid device, empty device edits".into())));
            }
            edits(&device.container_edits).map_err(in_device)?;
            if !names.insert(device.name.as_str()) {
                return Err(broken(format!("invalid spec, multiple device {:?}", device.name)));
            }
        }
        Ok(())
    }
}

fn edits(edits: &ContainerEdits) -> Result<()> {
    env(&edits.env)?;
    edits.device_nodes.iter().try_for_each(node)?;
    edits.hooks.iter().try_for_each(hook)?;
    edits.mounts.iter().try_for_each(mount)?;
    net_devices(&edits.net_devices)?;
    edits.intel_rdt.as_ref().map_or(Ok(()), intel_rdt)
}

/// A network device is moved once, and each gets a name of its own.
fn net_devices(devices: &[NetDevice]) -> Result<()> {
    let (mut on_host, mut in_container) = (HashSet::new(), HashSet::new());
    for device in devices {
        let problem = if device.host_interface_name.is_empty() || device.name.is_empty() {
            "a name is empty"
        } else if !on_host.insert(&device.host_interface_name) {
            "the device of the host is moved twice"
        } else if !in_container.insert(&device.name) {
            "the name in the container is given twice"
        } else {
            continue;
        };
        let (from, to) = (&device.host_interface_name, &device.name);
        return Err(broken(format!("invalid network device {from:?} as {to:?}: {problem}")));
    }
    Ok(())
}

/// The class of service is the name of a directory of the kernel's `resctrl`.
fn intel_rdt(rdt: &IntelRdt) -> Result<()> {
    let is_name =
        |id: &&str| id.len() < MAX_CLOS_ID_BYTES && !matches!(*id, "." | "..") && !id.contains(['/', '\n']);
    match rdt.clos_id.as_deref() {
        Some(id) if !is_name(&id) => {
            let start: String = id.chars().take(40).collect();
            Err(broken(format!("invalid closID {start:?}: it has to be the name of a directory")))
        }
        _ => Ok(()),
    }
}

fn env(entries: &[String]) -> Result<()> {
    let has_name = |entry: &&String| entry.split_once('=').is_some_and(|(name, _)| !name.is_empty());
    match entries.iter().find(|entry| !has_name(entry)) {
        Some(entry) => Err(broken(format!("invalid environment variable {entry:?}: no KEY=value"))),
        None => Ok(()),
    }
}

fn node(node: &DeviceNode) -> Result<()> {
    let path = &node.path;
    if path.is_empty() {
        return Err(broken("invalid (empty) device path".into()));
    }
    if let Some(kind) = node.type_.as_deref().filter(|kind| !matches!(*kind, "" | "b" | "c" | "u" | "p")) {
        return Err(broken(format!("device {path:?}: invalid type {kind:?}")));
    }
    match node.permissions.as_deref().and_then(|letters| letters.chars().find(|c| !"rwm".contains(*c))) {
        Some(letter) => Err(broken(format!("device {path:?}: invalid permission {letter:?}"))),
        None => Ok(()),
    }
}

fn hook(hook: &Hook) -> Result<()> {
    if !HOOK_NAMES.contains(&hook.hook_name.as_str()) {
        return Err(broken(format!("invalid hook name {:?}", hook.hook_name)));
    }
    if hook.path.is_empty() {
        return Err(broken(format!("invalid hook {:?}: empty path", hook.hook_name)));
    }
    env(&hook.env)
}

fn mount(mount: &Mount) -> Result<()> {
    if mount.host_path.is_empty() || mount.container_path.is_empty() {
        return Err(broken(format!(
            "invalid mount {:?} to {:?}: empty path",
            mount.host_path, mount.container_path
        )));
    }
    Ok(())
}

fn broken(message: String) -> Failure {
    Failure::coded(codes::SPEC_INVALID, message)
}
