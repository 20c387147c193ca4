//! A specification against the machine that it is for: whether what it names is there, and as it says.

use crate::{ContainerEdits, DeviceNode, HostNode, Spec};

/// What lies at a path of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    Nothing,
    /// A regular file, and whether it can be executed.
    File(bool),
    /// A device node.
    Node(HostNode),
    /// A link to a device node, which engines do not follow.
    Link(HostNode),
    /// Something else: a directory, a socket.
    Other,
}

/// Something of a specification that does not fit the machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Misfit {
    /// The host path of a mount is not there.
    MountMissing(String),
    /// The program of a hook is not there.
    HookMissing(String),
    /// The program of a hook cannot be executed.
    HookNotExecutable(String),
    /// A device node is not there.
    NodeMissing(String),
    /// What should be a device node is none.
    NotANode(String),
    /// A device node has other numbers: path, those of the specification, those of the machine.
    NodeNumbers(String, (i64, i64), (i64, i64)),
    /// A device node has another type: path, that of the specification, that of the machine.
    NodeType(String, String, char),
    /// A host path is not absolute.
    NotAbsolute(String),
}

impl Spec {
    /// All misfits, each once, sorted; `look` is asked about absolute host paths.
    pub fn misfits(&self, look: impl Fn(&str) -> Seen) -> Vec<Misfit> {
        let devices = self.devices.iter().map(|device| &device.container_edits);
        let mut found: Vec<Misfit> =
            devices.chain([&self.container_edits]).flat_map(|edits| of_edits(edits, &look)).collect();
        found.sort();
        found.dedup();
        found
    }
}

fn of_edits(edits: &ContainerEdits, look: &impl Fn(&str) -> Seen) -> Vec<Misfit> {
    let nodes = edits.device_nodes.iter().filter_map(|node| of_node(node, look));
    // A mount of another type than a bind has no path on the host: a tmpfs, for example.
    let binds = edits
        .mounts
        .iter()
        .filter(|mount| mount.type_.as_deref().is_none_or(|kind| matches!(kind, "" | "bind" | "none")));
    let mounts = binds.filter_map(|mount| match (mount.host_path.starts_with('/'), look(&mount.host_path)) {
        (false, _) => Some(Misfit::NotAbsolute(mount.host_path.clone())),
        (true, Seen::Nothing) => Some(Misfit::MountMissing(mount.host_path.clone())),
        (true, _) => None,
    });
    // The program of `startContainer` lies in the container.
    let outside = edits.hooks.iter().filter(|hook| hook.hook_name != "startContainer");
    let hooks = outside.filter_map(|hook| match (hook.path.starts_with('/'), look(&hook.path)) {
        (false, _) => Some(Misfit::NotAbsolute(hook.path.clone())),
        (true, Seen::Nothing) => Some(Misfit::HookMissing(hook.path.clone())),
        (true, Seen::File(true)) => None,
        (true, _) => Some(Misfit::HookNotExecutable(hook.path.clone())),
    });
    nodes.chain(mounts).chain(hooks).collect()
}

fn of_node(node: &DeviceNode, look: &impl Fn(&str) -> Seen) -> Option<Misfit> {
    let path = node.host_path.as_ref().filter(|path| !path.is_empty()).unwrap_or(&node.path);
    let kind = node.type_.as_deref().filter(|kind| !kind.is_empty());
    if !path.starts_with('/') {
        return Some(Misfit::NotAbsolute(path.clone()));
    }
    let found = match look(path) {
        // The numbers are in the specification, so no engine looks at the host.
        Seen::Nothing if kind.is_some() && node.major != 0 => return None,
        Seen::Nothing => return Some(Misfit::NodeMissing(path.clone())),
        Seen::Node(found) => found,
        Seen::Link(found) if kind.is_some() && node.major != 0 => found,
        Seen::File(_) | Seen::Link(_) | Seen::Other => return Some(Misfit::NotANode(path.clone())),
    };
    // `u` is an unbuffered character device.
    if let Some(kind) = kind.filter(|kind| !kind.starts_with(found.kind) && (*kind, found.kind) != ("u", 'c'))
    {
        return Some(Misfit::NodeType(path.clone(), kind.to_owned(), found.kind));
    }
    let (said, is) = ((node.major, node.minor), (found.major, found.minor));
    (node.major != 0 && said != is).then(|| Misfit::NodeNumbers(path.clone(), said, is))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hook, Mount};

    #[test]
    fn what_is_named_is_looked_up() {
        let look = |path: &str| match path {
            "/dev/nvidia0" => Seen::Node(HostNode { kind: 'c', major: 195, minor: 0, mode: 0o666 }),
            "/dev/sda" => Seen::Node(HostNode { kind: 'b', major: 8, minor: 0, mode: 0o666 }),
            "/dev/link" => Seen::Link(HostNode { kind: 'c', major: 195, minor: 0, mode: 0o666 }),
            "/bin/hook" => Seen::File(true),
            "/lib/x" => Seen::File(false),
            "/run" => Seen::Other,
            _ => Seen::Nothing,
        };
        let node = |path: &str, kind: Option<&str>, major| DeviceNode {
            path: path.into(),
            type_: kind.map(Into::into),
            major,
            ..DeviceNode::default()
        };
        let mount = |path: &str, kind: Option<&str>| Mount {
            host_path: path.into(),
            container_path: "/x".into(),
            type_: kind.map(Into::into),
            ..Mount::default()
        };
        let hook =
            |path: &str, stage: &str| Hook { path: path.into(), hook_name: stage.into(), ..Hook::default() };
        let spec = Spec {
            container_edits: ContainerEdits {
                device_nodes: vec![
                    node("/dev/nvidia0", None, 0),
                    node("/dev/nvidia0", None, 195),
                    node("/dev/nvidia0", None, 240),
                    node("/dev/sda", Some("c"), 8),
                    node("/dev/gone", None, 195),
                    node("/dev/gone", Some("c"), 195),
                    node("/dev/link", None, 0),
                    node("/dev/link", Some("c"), 195),
                    node("/lib/x", None, 0),
                    node("nvidia0", None, 0),
                ],
                mounts: vec![
                    mount("/lib/x", None),
                    mount("/lib/y", None),
                    mount("tmpfs", Some("tmpfs")),
                    mount("/run", None),
                ],
                hooks: vec![
                    hook("/bin/hook", "createContainer"),
                    hook("/lib/x", "prestart"),
                    hook("/bin/gone", "createRuntime"),
                    hook("/bin/inside", "startContainer"),
                ],
                ..ContainerEdits::default()
            },
            ..Spec::default()
        };
        assert_eq!(
            spec.misfits(look),
            [
                Misfit::MountMissing("/lib/y".into()),
                Misfit::HookMissing("/bin/gone".into()),
                Misfit::HookNotExecutable("/lib/x".into()),
                Misfit::NodeMissing("/dev/gone".into()),
                Misfit::NotANode("/dev/link".into()),
                Misfit::NotANode("/lib/x".into()),
                Misfit::NodeNumbers("/dev/nvidia0".into(), (240, 0), (195, 0)),
                Misfit::NodeType("/dev/sda".into(), "c".into(), 'b'),
                Misfit::NotAbsolute("nvidia0".into()),
            ]
        );
    }
}
