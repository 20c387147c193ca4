//! What is put into a container that exists already: taken from the host first, then carried out.

use super::process::ContainerProcess;
use super::program::{Access as DeviceAccess, Rule};
use super::{cgroup, systemd};
use crate::{codes, dev_char};
use cdi::{ContainerEdits, DeviceNode, Mount};
use diag::{Failure, Result};
use driver::families::Family;
use hooks::{HostTables, Preparation};
use host::Host;
use inject::Capabilities;
use rootfs::{Access, ContainerRoot, Kind, Source};
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

/// Everything for one container. The sources are detached copies of the host's mounts: nothing that
/// the container or another process does can exchange them any more.
#[derive(Debug)]
pub(super) struct Injection {
    /// Path in the container and what appears there.
    mounts: Vec<(String, Source)>,
    /// Paths of the device nodes among them.
    nodes: Vec<String>,
    /// Their paths on the host, and the rules for them.
    hosts: Vec<String>,
    rules: Vec<Rule>,
    preparation: Preparation,
    tables: HostTables,
}

impl Injection {
    /// Takes from the host what the edits name.
    pub(super) fn new(edits: &ContainerEdits, capabilities: &Capabilities) -> Result<Self> {
        let mut preparation = preparation(edits, capabilities)?;
        let mut mounts = edits.mounts.iter().map(mount).collect::<Result<Vec<_>>>()?;
        for mount in std::mem::take(&mut preparation.mounts) {
            mounts.push((mount.container, Source::open(&mount.host, mount.access)?));
        }
        let mut injection = Self {
            mounts,
            nodes: Vec::new(),
            hosts: Vec::new(),
            rules: Vec::new(),
            preparation,
            tables: HostTables::read()?,
        };
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
        let nodes = self.hosts.iter().zip(&self.rules);
        dev_char::ensure(nodes.map(|(path, rule)| (path.as_str(), rule.major, rule.minor)));
        match systemd::allow(host, &membership, &cgroup::membership("self")?, &self.rules) {
            Ok(true) => tell("systemd knows the devices of the container's scope"),
            Ok(false) => {}
            // The container works; it is for the log that it may not for ever.
            Err(failure) => tell(&failure.line()),
        }
        Ok(())
    }

    /// Puts everything into the container.
    pub(super) fn carry_out(&self, process: &ContainerProcess, path: &Path) -> Result<()> {
        if process.enter()? {
            rootfs::keep_mounts_inside(path)?;
        }
        let root = ContainerRoot::open(path)?;
        for (path, source) in &self.mounts {
            root.attach(source, path)?;
        }
        self.preparation.run(&root, &self.tables, &self.nodes)
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
        self.hosts.push(path.to_owned());
        self.nodes.push(node.path.clone());
        self.mounts.push((node.path.clone(), source));
        Ok(())
    }
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} files and the nodes {}", self.mounts.len() - self.nodes.len(), self.nodes.join(", "))
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
