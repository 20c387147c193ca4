//! The work of `nvidia-container-cli configure`, which the prestart hook carries out in its own process:
//! everything is decided and taken from the host first, then put into the container.

use super::initialization::{check_root, initialization};
use super::injection::Injection;
use super::modes;
use super::process::{Claim, ContainerProcess};
use crate::{kernel_modules, mps, user_namespace};
use cdi::DeviceNode;
use diag::{Failure, Result};
use discover::Options;
use driver::families::Family;
use driver::{Driver, Node};
use host::{Host, Kind};
use inject::requirement::{self, Requirement};
use inject::{Ask, Capabilities, Policy, Request};
use std::path::PathBuf;

/// What a container is to get, and how.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// The container's process as the host counts it; `None`: the process that started this one.
    pub pid: Option<i64>,
    /// Path of its root before the root is pivoted to.
    pub root: PathBuf,
    /// The GPUs.
    pub ask: Ask,
    /// The families of driver files.
    pub capabilities: Capabilities,
    /// What must hold of the driver and the GPUs.
    pub requirements: Vec<Requirement>,
    /// Whether newer CUDA libraries of the image may be used.
    pub cuda_compat: bool,
    /// The right to change the MIG layout.
    pub mig_config: bool,
    /// The right to watch all MIG devices.
    pub mig_monitor: bool,
    /// IMEX channels.
    pub imex_channels: Vec<u32>,
    /// Whether the host's nodes of these channels are made when they are missing.
    pub make_imex_channels: bool,
    /// Whether kernel modules are loaded and device nodes made when they are missing.
    pub load_kernel_modules: bool,
    /// Whether device nodes are made in the container where that can be, so that they get the SELinux
    /// label of its mounts; otherwise those of the host are mounted, which keep theirs.
    pub own_nodes: bool,
    /// What is left out.
    pub without: Without,
    /// Where the driver is.
    pub places: Options,
    /// Whether only machines are served on which the mode `auto` is `legacy`.
    pub only_legacy: bool,
    /// Who names the process.
    pub claim: Claim,
}

/// What is left out of a container although it would get it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Without {
    /// Rules for its device cgroup.
    pub cgroups: bool,
    /// Device nodes.
    pub devices: bool,
    /// The socket of the persistence daemon.
    pub persistenced: bool,
    /// The socket of the fabric manager.
    pub fabricmanager: bool,
    /// GSP firmware.
    pub firmware: bool,
}

/// The driver, with modules and nodes where nobody used it since the machine started.
fn driver(host: &Host, wanted: &Configuration, tell: &dyn Fn(&str)) -> Result<Driver> {
    let load = || discover::inventory::load_for(host, &wanted.places, wanted.ask.ids());
    if !wanted.load_kernel_modules {
        return load();
    }
    kernel_modules::awake(host, &wanted.places.driver_root, load, &mut |line| tell(line))
}

/// Gives a container what `wanted` says. `tell` gets each step, for a log.
///
/// # Errors
/// In the words of `nvidia-container-cli`: `initialization error: ...`, `device error: ...`,
/// `requirement error: ...`, `mount error: ...`.
pub fn configure(host: &Host, wanted: &Configuration, tell: &dyn Fn(&str)) -> Result<()> {
    check_root(host, &wanted.places.driver_root)?;
    let mut driver = driver(host, wanted, tell)?;
    modes::check_platform(wanted.only_legacy, driver.platform)?;
    initialization(&driver)?;
    leave_out(&mut driver, wanted);
    if wanted.capabilities.has(Family::Compute) {
        driver.sockets.extend(mps::folder(host));
    }
    let unknown = |failure| match discover::inventory::nvml_failure(host, &wanted.places) {
        Some(cause) => with_nvml(unknown_device(failure, &wanted.ask, &driver), &cause),
        None => unknown_device(failure, &wanted.ask, &driver),
    };
    let targets = inject::select(&wanted.ask, &driver).map_err(unknown)?;
    check_capabilities(&driver, wanted, &targets)?;
    requirement::check(&wanted.requirements, &driver, &targets)?;
    // Only for a container that is going to start.
    if wanted.make_imex_channels {
        kernel_modules::make_imex_channels(host, &wanted.imex_channels)
            .map_err(|failure| stage("initialization error", failure))?;
    }
    let request = Request { ask: wanted.ask.clone(), ..Request::default() };
    let mut edits = inject::edits(&request, &driver, &policy(wanted))
        .map_err(|failure| unknown_device(failure, &wanted.ask, &driver))?;
    edits.device_nodes.extend(extra_nodes(host, &driver, wanted)?);
    if wanted.without.devices {
        edits.device_nodes.clear();
    }
    let injection =
        Injection::new(&edits, &wanted.capabilities).map_err(|failure| stage("mount error", failure))?;
    tell(&format!("injecting {injection}"));
    let process = ContainerProcess::open(wanted.pid, wanted.claim)
        .map_err(|failure| stage("container error", failure))?;
    if manages_cgroups(wanted, tell) {
        injection.allow_devices(host, &process, tell).map_err(|failure| stage("mount error", failure))?;
    }
    injection
        .carry_out(&process, &wanted.root, wanted.own_nodes)
        .map_err(|failure| stage("mount error", failure))
}

/// Rootless engines and unprivileged system containers cannot manage device cgroups; what they start is
/// not restricted by any. So this needs no setting of the machine.
fn manages_cgroups(wanted: &Configuration, tell: &dyn Fn(&str)) -> bool {
    if wanted.without.cgroups {
        tell("device cgroups are left alone, as asked");
        return false;
    }
    let own = user_namespace::is_own();
    if own {
        tell("device cgroups are left alone: this engine runs in a user namespace");
    }
    !own
}

fn policy(wanted: &Configuration) -> Policy {
    let mut policy = Policy::new("nvidia-cdi-hook");
    policy.capabilities = Some(wanted.capabilities.clone());
    if !wanted.cuda_compat {
        policy.disabled_hooks.push("enable-cuda-compat".to_owned());
    }
    policy
}

/// Sockets belong to the tools for managing GPUs.
fn leave_out(driver: &mut Driver, wanted: &Configuration) {
    let utility = wanted.capabilities.has(Family::Utility);
    let without = wanted.without;
    let is_left_out = |path: &str| {
        !utility
            || (without.persistenced && path.contains("/nvidia-persistenced/"))
            || (without.fabricmanager && path.contains("/nvidia-fabricmanager/"))
    };
    driver.sockets.retain(|socket| !is_left_out(&socket.host_path));
    if without.firmware {
        driver.firmware.clear();
    }
}

/// Nodes that are asked for besides those of GPUs.
fn extra_nodes(host: &Host, driver: &Driver, wanted: &Configuration) -> Result<Vec<DeviceNode>> {
    let mut nodes = Vec::new();
    let mut add = |node: &Option<Node>, what: &str| {
        match node {
        Some(node) => {
            nodes.push(device(&node.path, node.major, node.minor));
            Ok(())
        }
        None => Err(Failure::coded(crate::codes::NO_CAPABILITY_NODE, format!("{what} error: this machine has no node for that"))
            .hint("`nvidia-modprobe -f /proc/driver/nvidia/capabilities/mig/config`, run as root, makes it where GPUs have MIG")),
    }
    };
    if wanted.mig_config {
        add(&driver.mig_config, "mig-config")?;
    }
    if wanted.mig_monitor {
        add(&driver.mig_monitor, "mig-monitor")?;
    }
    for channel in &wanted.imex_channels {
        let path = format!("{}/channel{channel}", kernel_modules::IMEX);
        let stat = host.stat(&path)?.filter(|stat| stat.kind == Kind::CharDevice).ok_or_else(|| {
            Failure::coded(
                crate::codes::NO_CAPABILITY_NODE,
                format!("imex-channel error: {channel}: `{path}` is not there"),
            )
            .hint("`nvidia-modprobe -c CHANNEL -i`, run as root, makes it on machines with an NVLink fabric")
        })?;
        nodes.push(device(&path, stat.major, stat.minor));
    }
    Ok(nodes)
}

fn device(path: &str, major: u32, minor: u32) -> DeviceNode {
    DeviceNode {
        path: path.to_owned(),
        major: major.into(),
        minor: minor.into(),
        permissions: Some("rwm".to_owned()),
        ..DeviceNode::default()
    }
}

fn stage(name: &str, failure: Failure) -> Failure {
    failure.context(name)
}

/// The original's words for a device that does not exist, which people search for, then our own.
fn unknown_device(failure: Failure, ask: &Ask, driver: &Driver) -> Failure {
    let unknown = [inject::codes::NO_SUCH_DEVICE, inject::codes::INVALID_DEVICE_ID];
    let (Ask::Devices(ids), Some(code)) = (ask, failure.code().filter(|code| unknown.contains(code))) else {
        return stage("device error", failure);
    };
    let is_unknown = |id: &&String| inject::select(&Ask::Devices(vec![(*id).clone()]), driver).is_err();
    let id = ids.iter().find(is_unknown).map_or("", String::as_str);
    let hint = match failure.first_hint() {
        Some(hint) => format!("{}; {hint}", failure.chain()),
        None => failure.chain(),
    };
    Failure::coded(code, format!("device error: {id}: unknown device")).hint(hint)
}

/// A MIG device that was asked for by name is of no use without the nodes of its GPU instance and of its
/// compute instance.
fn check_capabilities(driver: &Driver, wanted: &Configuration, targets: &[inject::Target]) -> Result<()> {
    let is_useless = |target: &&inject::Target| {
        let mig = target.mig.and_then(|mig| driver.gpus.get(target.gpu)?.mig.get(mig));
        mig.is_some_and(|mig| mig.caps.len() < 2)
    };
    match targets.iter().find(is_useless) {
        Some(target) if !wanted.without.devices && wanted.ask != Ask::All => Err(Failure::coded(
            crate::codes::NO_CAPABILITY_NODE,
            format!(
                "device error: {}:{}: the nodes of its capabilities are not in /dev/nvidia-caps",
                target.gpu,
                target.mig.unwrap_or_default()
            ),
        )
        .hint("`nvidia-smi`, run as root, makes them; so does load-kmods = true in config.toml")),
        _ => Ok(()),
    }
}

/// MIG devices and GPUs that nothing has used since boot have their UUIDs from NVML alone.
fn with_nvml(failure: Failure, cause: &str) -> Failure {
    let hint = failure.first_hint().unwrap_or_default().to_owned();
    let told = format!("{hint}; only NVML knows devices of MIG by UUID, and could not be asked: {cause}");
    let words = failure.message().to_owned();
    failure
        .code()
        .map_or_else(|| Failure::new(words.clone()), |code| Failure::coded(code, words.clone()))
        .hint(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use driver::Gpu;

    #[test]
    fn an_unknown_device_is_told_in_the_originals_words_with_the_valid_range() {
        let gpu = |minor| Gpu { minor, node: Some(Node::default()), ..Gpu::default() };
        let driver = Driver {
            version: Some("580.95.05".to_owned()),
            gpus: (0..8).map(gpu).collect(),
            ..Driver::default()
        };
        let ask = Ask::Devices(vec!["0".to_owned(), "99".to_owned()]);
        let failure = inject::select(&ask, &driver).unwrap_err();
        assert_eq!(
            unknown_device(failure, &ask, &driver).line(),
            "device error: 99: unknown device [R201]; hint: no GPU with index 99: this machine has GPUs 0-7"
        );
    }

    #[test]
    fn sockets_and_firmware_can_be_left_out() {
        let file = |path: &str| driver::File { host_path: path.to_owned(), container_path: path.to_owned() };
        let driver = Driver {
            sockets: vec![file("/run/nvidia-persistenced/socket"), file("/run/nvidia-fabricmanager/socket")],
            firmware: vec![file("/lib/firmware/nvidia/580.95.05/gsp_ga10x.bin")],
            ..Driver::default()
        };
        let left = |families: &[Family], without: Without| {
            let mut driver = driver.clone();
            let capabilities = Capabilities { families: families.iter().copied().collect(), compat32: false };
            leave_out(&mut driver, &Configuration { capabilities, without, ..Configuration::default() });
            (driver.sockets.len(), driver.firmware.len())
        };
        let utility = [Family::Utility];
        assert_eq!(left(&utility, Without::default()), (2, 1));
        assert_eq!(left(&[Family::Compute], Without::default()), (0, 1));
        assert_eq!(left(&utility, Without { persistenced: true, ..Without::default() }), (1, 1));
        assert_eq!(
            left(&utility, Without { fabricmanager: true, firmware: true, ..Without::default() }),
            (1, 0)
        );
    }

    #[test]
    fn rights_on_mig_need_their_nodes() {
        let host = Host::at("/nonexistent");
        let wanted = Configuration { mig_config: true, mig_monitor: true, ..Configuration::default() };
        let node = |minor| {
            Some(Node { path: format!("/dev/nvidia-caps/nvidia-cap{minor}"), minor, ..Node::default() })
        };
        let driver = Driver { mig_config: node(1), mig_monitor: node(2), ..Driver::default() };
        let paths: Vec<String> =
            extra_nodes(&host, &driver, &wanted).unwrap().into_iter().map(|node| node.path).collect();
        assert_eq!(paths, ["/dev/nvidia-caps/nvidia-cap1", "/dev/nvidia-caps/nvidia-cap2"]);
        let failure = extra_nodes(&host, &Driver::default(), &wanted).unwrap_err();
        assert!(failure.message().starts_with("mig-config error: "), "{failure:?}");
        let channels = Configuration { imex_channels: vec![3], ..Configuration::default() };
        let failure = extra_nodes(&host, &driver, &channels).unwrap_err();
        assert!(failure.message().starts_with("imex-channel error: 3: "), "{failure:?}");
    }
}
