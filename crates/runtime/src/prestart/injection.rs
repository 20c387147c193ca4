//! What is put into a container that exists already: taken from the host first, then carried out.

use super::cgroup;
use super::container::Container;
use super::process::ContainerProcess;
use super::program::{Access as DeviceAccess, Rule};
use crate::codes;
use cdi::{ContainerEdits, DeviceNode, Mount};
use diag::{Failure, Result};
use driver::families::Family;
use hooks::{HostTables, Preparation};
use inject::Capabilities;
use rootfs::{Access, ContainerRoot, Kind, Source};
use std::ffi::OsString;
use std::fmt;

/// Everything for one container. The sources are detached copies of the host's mounts: nothing that
/// the container or another process does can exchange them any more.
#[derive(Debug)]
pub(super) struct Injection {
    /// Path in the container and what appears there.
    mounts: Vec<(String, Source)>,
    /// Paths of the device nodes among them.
    nodes: Vec<String>,
    rules: Vec<Rule>,
    preparation: Preparation,
    tables: HostTables,
}

impl Injection {
    /// Takes from the host what the edits name.
    pub(super) fn new(edits: &ContainerEdits, capabilities: &Capabilities) -> Result<Self> {
        let mut injection = Self {
            mounts: edits.mounts.iter().map(mount).collect::<Result<_>>()?,
            nodes: Vec::new(),
            rules: Vec::new(),
            preparation: preparation(edits, capabilities)?,
            tables: HostTables::read()?,
        };
        for node in edits.device_nodes.iter().filter(|node| is_wanted(&node.path, capabilities)) {
            injection.add_node(node)?;
        }
        // A directory before what lies in it.
        injection.mounts.sort_by_key(|(path, _)| path.matches('/').count());
        Ok(injection)
    }

    /// Puts everything into the container.
    pub(super) fn carry_out(&self, container: &Container, with_cgroup: bool) -> Result<()> {
        let process = ContainerProcess::open(container.pid)?;
        if with_cgroup {
            cgroup::allow(process.pid(), &self.rules)?;
        }
        process.enter()?;
        rootfs::keep_mounts_inside(&container.root)?;
        let root = ContainerRoot::open(&container.root)?;
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

/// Which nodes a driver capability brings: unified memory with compute, mode setting and DRM with
/// graphics and display, as in libnvidia-container. The GPUs themselves and `nvidiactl` always.
fn is_wanted(path: &str, capabilities: &Capabilities) -> bool {
    let has = |family| capabilities.families.contains(&family);
    match path.rsplit('/').next().unwrap_or_default() {
        "nvidia-uvm" | "nvidia-uvm-tools" => has(Family::Compute),
        "nvidia-modeset" => has(Family::Graphics),
        _ if path.starts_with("/dev/dri/") => has(Family::Graphics),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_follow_the_driver_capabilities() {
        let with = |families: &[Family]| Capabilities {
            families: families.iter().copied().collect(),
            compat32: false,
        };
        let table = [
            ("/dev/nvidia0", with(&[]), true),
            ("/dev/nvidiactl", with(&[Family::Utility]), true),
            ("/dev/nvidia-uvm", with(&[Family::Utility]), false),
            ("/dev/nvidia-uvm-tools", with(&[Family::Compute]), true),
            ("/dev/nvidia-modeset", with(&[Family::Compute]), false),
            ("/dev/dri/card0", with(&[Family::Compute]), false),
            ("/dev/dri/renderD128", with(&[Family::Graphics]), true),
            ("/dev/nvidia-caps/nvidia-cap1", with(&[Family::Utility]), true),
        ];
        for (path, capabilities, expected) in table {
            assert_eq!(is_wanted(path, &capabilities), expected, "{path} with {capabilities:?}");
        }
    }

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
