//! The device nodes of the driver and the major numbers the kernel has given it.

use super::Reason;
use super::look;
use super::scopes::{self, Scope};
use host::Host;
use serde::{Deserialize, Serialize};

/// Nodes below `/dev` and the majors of `/proc/devices`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nodes {
    /// Major of `nvidia` (older drivers: `nvidia-frontend`).
    pub frontend_major: Option<u32>,
    /// Major of `nvidia-uvm`; it changes from one load of the module to the next.
    pub uvm_major: Option<u32>,
    /// `/dev/nvidia<N>`, `/dev/nvidiactl`, `/dev/nvidia-uvm`, `/dev/nvidia-uvm-tools`, `/dev/nvidia-modeset`.
    pub nodes: Vec<DeviceNode>,
    /// Whether `/dev/dxg` exists (WSL2).
    pub dxg: bool,
    /// Whether `/dev/char/195:255` leads to a node, as systemd needs it.
    #[serde(default)]
    pub char_links: bool,
    /// Scopes of running containers that have a GPU from a hook.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Scope>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceNode {
    /// Path.
    pub path: String,
    /// Major number; `None` when it is no device node.
    pub major: Option<u32>,
    /// Minor number; `None` when it is no device node.
    pub minor: Option<u32>,
    /// Permission bits.
    pub mode: u32,
    /// Owning group.
    pub gid: u32,
}

impl Nodes {
    /// A node by its path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&DeviceNode> {
        self.nodes.iter().find(|node| node.path == path)
    }

    /// Nodes of GPUs: `/dev/nvidia<N>`.
    pub fn gpus(&self) -> impl Iterator<Item = &DeviceNode> {
        self.nodes.iter().filter(|node| is_gpu_name(node.path.trim_start_matches("/dev/")))
    }
}

pub(super) fn read(host: &Host) -> Result<Nodes, Reason> {
    let majors = formats::procfs::devices(&look::text(host, "/proc/devices")?.unwrap_or_default());
    let mut nodes = Vec::new();
    for name in look::names(host, "/dev")?.iter().filter(|name| is_wanted(name)) {
        nodes.extend(node(host, &format!("/dev/{name}"))?);
    }
    Ok(Nodes {
        frontend_major: majors.get("nvidia").or_else(|| majors.get("nvidia-frontend")),
        uvm_major: majors.get("nvidia-uvm"),
        nodes,
        dxg: look::exists(host, "/dev/dxg")?,
        char_links: look::exists(host, "/dev/char/195:255")?,
        scopes: scopes::read(host),
    })
}

fn node(host: &Host, path: &str) -> Result<Option<DeviceNode>, Reason> {
    let stat = host.stat(path).map_err(|failure| look::reason(path, &failure))?;
    Ok(stat.map(|stat| {
        let device = stat.kind == host::Kind::CharDevice;
        DeviceNode {
            path: path.to_owned(),
            major: device.then_some(stat.major),
            minor: device.then_some(stat.minor),
            mode: stat.mode & 0o7777,
            gid: stat.gid,
        }
    }))
}

fn is_wanted(name: &str) -> bool {
    is_gpu_name(name) || ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset"].contains(&name)
}

fn is_gpu_name(name: &str) -> bool {
    name.strip_prefix("nvidia")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpu_nodes_are_told_from_the_others() {
        assert!(is_gpu_name("nvidia0") && is_gpu_name("nvidia12"));
        assert!(!is_gpu_name("nvidia") && !is_gpu_name("nvidiactl") && !is_gpu_name("nvidia-caps"));
        assert!(is_wanted("nvidia-uvm") && !is_wanted("nvidia-caps"));
    }
}
