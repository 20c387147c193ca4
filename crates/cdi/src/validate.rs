//! The rules of the standard that a parsed specification must keep.

use crate::name::{validate_class, validate_device, validate_vendor};
use crate::{ContainerEdits, DeviceNode, Hook, Mount, Spec, codes, version};
use diag::{Failure, Result};
use std::collections::HashSet;

/// Bytes that all annotations of one object may have together.
const MAX_ANNOTATION_BYTES: usize = 256 * 1024;

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
        annotations(&self.annotations)?;
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
            annotations(&device.annotations).map_err(in_device)?;
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

fn annotations(annotations: &std::collections::BTreeMap<String, String>) -> Result<()> {
    let bytes: usize = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > MAX_ANNOTATION_BYTES {
        return Err(broken(format!("annotations have {bytes} bytes, more than {MAX_ANNOTATION_BYTES}")));
    }
    match annotations.keys().find(|key| key.is_empty() || key.contains(char::is_whitespace)) {
        Some(key) => Err(broken(format!("invalid annotation key {key:?}"))),
        None => Ok(()),
    }
}

fn edits(edits: &ContainerEdits) -> Result<()> {
    env(&edits.env)?;
    edits.device_nodes.iter().try_for_each(node)?;
    edits.hooks.iter().try_for_each(hook)?;
    edits.mounts.iter().try_for_each(mount)?;
    match edits
        .net_devices
        .iter()
        .find(|device| device.host_interface_name.is_empty() || device.name.is_empty())
    {
        Some(device) => Err(broken(format!("invalid network device {device:?}: a name is empty"))),
        None => Ok(()),
    }
}

fn env(entries: &[String]) -> Result<()> {
    match entries.iter().find(|entry| !entry.contains('=')) {
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
