//! Modes of `cdi generate` for management and for the drivers beside the GPU's.

use super::options::Options;
use crate::codes;
use crate::session::Session;
use cdi::{Device, Spec};
use diag::{Failure, Result};
use discover::{Special, SpecialFiles};
use inject::{Ask, special_device, special_spec};

/// The specification of a mode. Without a node there would be nothing in it.
pub(super) fn specify(session: &Session, special: Special, options: &Options) -> Result<Spec> {
    let mut found = discover::special(&session.host, &options.places, special)?;
    if special == Special::Imex {
        only(&mut found, &options.spec.devices)?;
    }
    if found.nodes.is_empty() {
        let failure = Failure::coded(codes::NO_GPU, "no NVIDIA device nodes found; nothing was written");
        return Err(failure.hint("the kernel module that makes them is not loaded"));
    }
    let policy = &options.spec.policy;
    let devices = match special {
        Special::Imex => channels(&found.nodes, options),
        _ => vec![special_device("all", &found.nodes, &found.files, policy)],
    };
    let driver = (special == Special::Management)
        .then(|| discover::sweep(&session.host, &options.places, None).0)
        .map(|mut driver| {
            if options.without_sockets {
                driver.sockets.clear();
            }
            driver
        });
    let spec = special_spec(devices, driver.as_ref(), &options.spec);
    spec.validate()?;
    Ok(spec)
}

/// One device for each channel, named by its number, and all of them as one. A channel's path on the
/// host is always written down.
fn channels(nodes: &[driver::Node], options: &Options) -> Vec<Device> {
    let device = |name: &str, nodes: &[driver::Node]| {
        let mut device = special_device(name, nodes, &[], &options.spec.policy);
        for node in &mut device.container_edits.device_nodes {
            // The engine looks at the host's node itself: numbers would only go stale.
            let host_path = node.host_path.take().unwrap_or_else(|| node.path.clone());
            *node = cdi::DeviceNode {
                path: node.path.clone(),
                host_path: Some(host_path),
                ..cdi::DeviceNode::default()
            };
        }
        device
    };
    let mut devices: Vec<Device> =
        nodes.iter().map(|node| device(number(node), std::slice::from_ref(node))).collect();
    if options.spec.all_device {
        devices.push(device("all", nodes));
    }
    devices
}

fn number(node: &driver::Node) -> &str {
    node.path.rsplit("channel").next().unwrap_or_default()
}

/// Keeps the channels that are asked for, by number or as `channelN`.
fn only(found: &mut SpecialFiles, ask: &Ask) -> Result<()> {
    let Ask::Devices(ids) = ask else { return Ok(()) };
    let wanted: Vec<&str> = ids.iter().map(|id| id.strip_prefix("channel").unwrap_or(id)).collect();
    for id in &wanted {
        if !found.nodes.iter().any(|node| number(node) == *id) {
            let message = format!("there is no IMEX channel {id} on this machine");
            return Err(Failure::coded(codes::BAD_VALUE, message));
        }
    }
    found.nodes.retain(|node| wanted.contains(&number(node)));
    Ok(())
}
