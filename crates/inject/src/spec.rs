//! The CDI specification of a machine: what `nvidia-ctk cdi generate` writes.

use crate::{Ask, Policy, Target, edits, order, select};
use cdi::{ContainerEdits, Device, Spec};
use diag::Result;
use driver::{Driver, Platform};

/// How devices are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// `0`, and `0:1` for MIG.
    Index,
    /// `gpu0`, and `mig0:1` for MIG.
    TypeIndex,
    /// `GPU-...`, `MIG-...`; devices whose UUID is not known are left out.
    Uuid,
}

/// What a specification is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecOptions {
    /// For example `nvidia.com`.
    pub vendor: String,
    /// For example `gpu`.
    pub class: String,
    /// Each one names every device.
    pub naming: Vec<Naming>,
    /// Whether there is a device `all` that is all of the others.
    pub all_device: bool,
    /// Which devices.
    pub devices: Ask,
    /// How edits are made.
    pub policy: Policy,
}

impl SpecOptions {
    /// What `nvidia-ctk cdi generate` does without options.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            vendor: "nvidia.com".into(),
            class: "gpu".into(),
            naming: vec![Naming::Index, Naming::Uuid],
            all_device: true,
            devices: Ask::All,
            policy,
        }
    }
}

impl Naming {
    /// The strategy of a name on the command line.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "index" => Some(Self::Index),
            "type-index" => Some(Self::TypeIndex),
            "uuid" => Some(Self::Uuid),
            _ => None,
        }
    }

    fn name(self, target: Target, driver: &Driver) -> Option<String> {
        let gpu = driver.gpus.get(target.gpu)?;
        let mig = target.mig.and_then(|mig| gpu.mig.get(mig));
        if driver.platform == Platform::Wsl {
            return Some("all".to_owned());
        }
        match (self, mig) {
            (Self::Index, None) => Some(target.gpu.to_string()),
            (Self::Index, Some(mig)) => Some(format!("{}:{}", target.gpu, mig.index)),
            (Self::TypeIndex, None) => Some(format!("gpu{}", target.gpu)),
            (Self::TypeIndex, Some(mig)) => Some(format!("mig{}:{}", target.gpu, mig.index)),
            (Self::Uuid, None) => gpu.uuid.clone(),
            (Self::Uuid, Some(mig)) => mig.uuid.clone(),
        }
    }
}

/// The specification of a machine. Without any GPU it has an empty device `all`, which
/// [`Spec::validate`] refuses: nobody should write such a file unawares.
///
/// # Errors
/// A device of `options.devices` is not on this machine; no driver.
pub fn spec(driver: &Driver, options: &SpecOptions) -> Result<Spec> {
    let targets = select(&options.devices, driver)?;
    let mut devices = Vec::new();
    for target in &targets {
        let edits = edits::of_target(*target, driver, &options.policy);
        let names = options.naming.iter().filter_map(|naming| naming.name(*target, driver));
        devices.extend(names.map(|name| Device {
            name,
            container_edits: edits.clone(),
            ..Device::default()
        }));
    }
    if options.all_device && !devices.iter().any(|device| device.name == "all") {
        devices.push(merged(&targets, driver, &options.policy));
    }
    devices.sort_by(|a, b| a.name.cmp(&b.name));
    devices.dedup_by(|a, b| a.name == b.name);
    let mut spec = Spec {
        kind: format!("{}/{}", options.vendor, options.class),
        devices,
        container_edits: edits::common(driver, &options.policy),
        ..Spec::default()
    };
    spec.cdi_version = spec.minimum_version().to_owned();
    Ok(spec)
}

/// The device `all`: what the others bring, each thing once, nodes by depth and path.
fn merged(targets: &[Target], driver: &Driver, policy: &Policy) -> Device {
    let mut all = ContainerEdits::default();
    for target in targets {
        all.append(&edits::of_target(*target, driver, policy));
    }
    all.device_nodes = order::by_depth(all.device_nodes, |node| &node.path);
    all.device_nodes.dedup();
    let mut hooks: Vec<cdi::Hook> = Vec::new();
    for hook in all.hooks {
        if !hooks.contains(&hook) {
            hooks.push(hook);
        }
    }
    all.hooks = hooks;
    all.additional_gids.sort_unstable();
    all.additional_gids.dedup();
    Device { name: "all".into(), container_edits: all, ..Device::default() }
}
