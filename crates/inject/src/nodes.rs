//! Device nodes of GPUs, MIG devices and the driver itself.

use crate::{Policy, Target};
use cdi::{ContainerEdits, DeviceNode};
use driver::{Driver, Node};

/// The nodes of a GPU or MIG device: its own, DRM nodes for a whole GPU, capability nodes for MIG.
pub(crate) fn of_target(target: Target, driver: &Driver, policy: &Policy) -> ContainerEdits {
    let Some(gpu) = driver.gpus.get(target.gpu) else { return ContainerEdits::default() };
    let mut nodes: Vec<&Node> = gpu.node.iter().chain(&gpu.companions).collect();
    match target.mig.and_then(|mig| gpu.mig.get(mig)) {
        Some(mig) if mig.has_graphics() => nodes.extend(mig.caps.iter().chain(&gpu.drm)),
        Some(mig) => nodes.extend(&mig.caps),
        None => nodes.extend(&gpu.drm),
    }
    edits(&nodes, policy)
}

/// The nodes that every GPU container gets.
pub(crate) fn control(driver: &Driver, policy: &Policy) -> ContainerEdits {
    edits(&driver.control_nodes.iter().collect::<Vec<_>>(), policy)
}

/// These nodes, by depth and path, and the groups that may use them.
pub(crate) fn edits(nodes: &[&Node], policy: &Policy) -> ContainerEdits {
    let nodes: Vec<&Node> = nodes.iter().copied().filter(|node| policy.wants_node(&node.path)).collect();
    let device_nodes = nodes.iter().map(|node| device_node(node)).collect();
    let device_nodes = crate::order::by_depth(device_nodes, |node: &DeviceNode| &node.path);
    let groups = nodes.iter().filter(|node| policy.additional_gids && needs_group(node));
    let mut additional_gids: Vec<u32> = groups.map(|node| node.gid).collect();
    additional_gids.sort_unstable();
    additional_gids.dedup();
    ContainerEdits { device_nodes, additional_gids, ..ContainerEdits::default() }
}

/// Whether only members of its group may use the node.
fn needs_group(node: &Node) -> bool {
    node.gid != 0 && node.mode & 0o006 != 0o006
}

fn device_node(node: &Node) -> DeviceNode {
    DeviceNode {
        path: node.path.clone(),
        host_path: node.host_path.clone().filter(|host| *host != node.path),
        type_: None,
        major: i64::from(node.major),
        minor: i64::from(node.minor),
        file_mode: Some(node.mode),
        permissions: Some("rwm".into()),
        uid: None,
        gid: Some(node.gid).filter(|gid| *gid != 0),
    }
}
