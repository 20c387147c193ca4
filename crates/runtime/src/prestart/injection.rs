//! What is put into a container that exists already: taken from the host first, then carried out.

use super::process::ContainerProcess;
use super::program::{Access as DeviceAccess, Rule};
use super::{cgroup, systemd};
use crate::{codes, dev_char};
use cdi::{ContainerEdits, DeviceNode, Mount};
use diag::{Failure, Result, ResultExt};
use driver::families::Family;
use hooks::{HostTables, Preparation};
use host::Host;
use inject::Capabilities;
use rootfs::{Access, ContainerRoot, Kind, NodeFacts, Source};
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

/// Everything for one container. The sources are detached copies of the host's mounts: nothing that
/// the container or another process does can exchange them any more.
#[derive(Debug)]
pub(super) struct Injection {
    /// Path in the container and what appears there.
    mounts: Vec<(String, Source)>,
    /// The device nodes among them.
    nodes: Vec<InjectedNode>,
    /// The rules for them, in the same order.
    rules: Vec<Rule>,
    preparation: Preparation,
    tables: HostTables,
}

/// A device node.
#[derive(Debug)]
struct InjectedNode {
    /// Path in the container.
    path: String,
    /// Path on the host.
    host: String,
    facts: NodeFacts,
}

impl Injection {
    /// Takes from the host what the edits name.
    pub(super) fn new(edits: &ContainerEdits, capabilities: &Capabilities) -> Result<Self> {
        let mut preparation = preparation(edits, capabilities)?;
        let mut mounts = edits.mounts.iter().map(mount).collect::<Result<Vec<_>>>()?;
        for mount in std::mem::take(&mut preparation.mounts) {
            mounts.push((mount.container, Source::open(&mount.host, mount.access)?));
        }
        let mut injection =
            Self { mounts, nodes: Vec::new(), rules: Vec::new(), preparation, tables: HostTables::read()? };
        for node in &edits.device_nodes {
            injection.add_node(node)?;
        }
        // A directory before what lies in it.
        injection.mounts.sort_by_key(|(path, _)| path.matches('/').count());
        Ok(injection)
    }

    /// Has the kernel, and systemd where it made the container's group, allow the devices to it.
    pub(super) fn allow_devices(
        &self,
        host: &Host,
        process: &ContainerProcess,
        tell: &dyn Fn(&str),
    ) -> Result<()> {
        if self.rules.is_empty() {
            return Ok(());
        }
        let membership = cgroup::membership(&process.pid().to_string())?;
        if !cgroup::allow(&membership, &self.rules)? {
            tell("device cgroups are left alone: they are not mounted here");
            return Ok(());
        }
        let nodes = self.nodes.iter().zip(&self.rules);
        dev_char::ensure(nodes.map(|(node, rule)| (node.host.as_str(), rule.major, rule.minor)));
        match systemd::allow(host, &membership, &cgroup::membership("self")?, &self.rules) {
            Ok(true) => tell("systemd knows the devices of the container's scope"),
            Ok(false) => {}
            // The container works; it is for the log that it may not for ever.
            Err(failure) => tell(&failure.line()),
        }
        Ok(())
    }

    /// Puts everything into the container; with `own_nodes` its device nodes are made there, not mounted.
    pub(super) fn carry_out(&self, process: &ContainerProcess, path: &Path, own_nodes: bool) -> Result<()> {
        if process.enter()? {
            rootfs::keep_mounts_inside(path)?;
        }
        let root = ContainerRoot::open(path)?;
        let mut mounts = Vec::with_capacity(self.mounts.len());
        for (path, source) in &self.mounts {
            let facts = self.nodes.iter().find(|node| own_nodes && node.path == *path);
            let made = facts.map(|node| root.make_character_device(path, node.facts)).transpose()?;
            if made != Some(true) {
                mounts.push((source, path.as_str()));
            }
        }
        root.attach_all(&mounts)?;
        let nodes: Vec<String> = self.nodes.iter().map(|node| node.path.clone()).collect();
        self.preparation.run(&root, &self.tables, &nodes)
    }

    fn add_node(&mut self, node: &DeviceNode) -> Result<()> {
        let path = node.host_path.as_deref().unwrap_or(&node.path);
        let source = Source::open(path, Access::DEVICE_NODE)?;
        if source.stat().kind != Kind::CharDevice {
            let text = format!("`{path}` is {}, not a character device", source.stat().kind.describe());
            return Err(Failure::coded(codes::UNSUITED, text)
                .hint("`nvidia-modprobe -c 0` or `nvidia-smi`, run as root, makes the nodes"));
        }
        let (major, minor) = source.stat().device;
        self.rules.push(Rule { major, minor, access: DeviceAccess::parse(node.permissions.as_deref()) });
        let owner = rustix::fs::stat(path).with_context(|| format!("cannot look at `{path}`"))?;
        self.nodes.push(InjectedNode {
            path: node.path.clone(),
            host: path.to_owned(),
            facts: NodeFacts {
                device: (major, minor),
                mode: source.stat().mode,
                uid: owner.st_uid,
                gid: owner.st_gid,
            },
        });
        self.mounts.push((node.path.clone(), source));
        Ok(())
    }
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<&str> = self.nodes.iter().map(|node| node.path.as_str()).collect();
        write!(f, "{} files and the nodes {}", self.mounts.len() - nodes.len(), nodes.join(", "))
    }
}

fn mount(mount: &Mount) -> Result<(String, Source)> {
    let source = Source::open(&mount.host_path, access(&mount.options))?;
    Ok((mount.container_path.clone(), source))
}

fn access(options: &[String]) -> Access {
    let has = |option: &str| options.iter().any(|found| found == option);
    Access { read_only: has("ro"), no_suid: has("nosuid"), no_dev: has("nodev"), no_exec: has("noexec") }
}

/// The arguments of the fused hook, which is not run here but carried out.
fn preparation(edits: &ContainerEdits, capabilities: &Capabilities) -> Result<Preparation> {
    let Some(hook) = edits.hooks.first() else { return Ok(Preparation::default()) };
    let name = hook.args.iter().position(|argument| argument == "prepare-container");
    let (1, Some(position)) = (edits.hooks.len(), name) else {
        return Err(Failure::coded(codes::UNSUITED, "the edits hold hooks that cannot be carried out here"));
    };
    let arguments: Vec<OsString> = hook.args.iter().skip(position + 1).map(OsString::from).collect();
    let mut preparation = Preparation::parse(&arguments)?;
    preparation.update_application_profile &= capabilities.families.contains(&Family::Graphics);
    Ok(preparation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_options_become_an_access() {
        let options = ["ro", "nosuid", "nodev", "rbind", "rprivate"].map(ToOwned::to_owned);
        assert_eq!(access(&options), Access::FILE);
    }

    #[test]
    fn hooks_of_another_form_are_refused_and_profiles_need_graphics() {
        let hook = |arguments: &str| cdi::Hook {
            args: arguments.split(' ').map(ToOwned::to_owned).collect(),
            ..cdi::Hook::default()
        };
        let edits = |hooks| ContainerEdits { hooks, ..ContainerEdits::default() };
        let none = Capabilities::default();
        let fused = hook("nvidia-cdi-hook prepare-container --folder /lib --update-application-profile");
        let parsed = preparation(&edits(vec![fused.clone()]), &none).unwrap();
        assert_eq!((parsed.folders.len(), parsed.update_application_profile), (1, false));
        assert!(preparation(&edits(vec![hook("nvidia-cdi-hook chmod")]), &none).is_err());
        assert!(preparation(&edits(vec![fused.clone(), fused]), &none).is_err());
    }
}
