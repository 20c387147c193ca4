//! The driver's kernel modules and device nodes, for the first GPU container after a boot.
//!
//! The driver's modules make no nodes; a set-uid program of the driver does, on first use by a program on
//! the host. A container that comes before any such use would find nothing.

use crate::{mig_nodes, user_namespace};
use diag::{Failure, Result};
use driver::Driver;
use formats::procfs;
use host::{Host, exec};
use rustix::fs::{CWD, FileType, Mode, chmodat, chownat, makedev, mkdirat, mknodat};
use rustix::io::Errno;
use std::time::Duration;

const MODULES: [&str; 3] = ["nvidia", "nvidia-uvm", "nvidia-modeset"];
/// The driver takes seconds to wake up eight GPUs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) path: String,
    pub(crate) major: u32,
    pub(crate) minor: u32,
    mode: u32,
    uid: u32,
    gid: u32,
}

/// Loads what is missing and makes the nodes that are missing, those of MIG devices too. What failed, in
/// words.
#[must_use]
pub fn ensure(host: &Host, driver_root: &str) -> Vec<String> {
    let mut failed = ensure_modules(host, driver_root);
    failed.extend(make_capabilities(host).err().map(|failure| failure.chain()));
    failed
}

/// Loads what is missing and makes the nodes of whole GPUs that are missing. What failed, in words; the
/// container may do without. On a machine where all is there this costs three look-ups.
fn ensure_modules(host: &Host, driver_root: &str) -> Vec<String> {
    let there = |path: &str| host.exists(path);
    if there("/proc/driver/nvidia/version") && there("/dev/nvidiactl") && there("/dev/nvidia-uvm") {
        return Vec::new();
    }
    // WSL has no modules of the driver.
    if !may_make_nodes(host) || there("/dev/dxg") {
        return Vec::new();
    }
    load_and_make(host, driver_root).iter().map(Failure::chain).collect()
}

/// The driver as `load` gives it, after all that can be done for it to be complete. What failed goes to
/// `tell`. Capabilities of MIG devices are looked at only where the driver lacks some: each has a file.
///
/// # Errors
/// Those of `load`.
pub(crate) fn awake(
    host: &Host,
    driver_root: &str,
    load: impl Fn() -> Result<Driver>,
    tell: &mut dyn FnMut(&str),
) -> Result<Driver> {
    ensure_modules(host, driver_root).iter().for_each(|line| tell(line));
    let driver = load()?;
    if !mig_nodes::lacks_some(&driver) {
        return Ok(driver);
    }
    match make_capabilities(host) {
        Ok(false) => return Ok(driver),
        Ok(true) => {}
        Err(failure) => tell(&failure.chain()),
    }
    load()
}

/// Makes the nodes of MIG capabilities that are missing; whether there were any.
fn make_capabilities(host: &Host) -> Result<bool> {
    if !may_make_nodes(host) {
        return Ok(false);
    }
    let missing = mig_nodes::missing(host);
    make_all(mig_nodes::NODES, &missing).map(|()| !missing.is_empty())
}

fn may_make_nodes(host: &Host) -> bool {
    host.uid() == 0 && !user_namespace::is_own()
}

fn load_and_make(host: &Host, driver_root: &str) -> Vec<Failure> {
    let mut failed: Vec<Failure> =
        missing_modules(host).iter().filter_map(|module| load(driver_root, module).err()).collect();
    for node in wanted(host).iter().filter(|node| !host.exists(&node.path)) {
        failed.extend(make(node).err());
    }
    failed
}

/// Makes nodes in a directory of `/dev`.
fn make_all(directory: &str, nodes: &[Wanted]) -> Result<()> {
    if nodes.is_empty() {
        return Ok(());
    }
    match mkdirat(CWD, directory, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => nodes.iter().try_for_each(make),
        Err(errno) => Err(cannot(directory, errno)),
    }
}

impl Wanted {
    /// A node of root's.
    pub(crate) fn of(path: String, major: u32, minor: u32, mode: u32) -> Self {
        Self { path, major, minor, mode, uid: 0, gid: 0 }
    }
}

/// Makes the nodes of these IMEX channels that are missing.
pub(crate) fn make_imex_channels(host: &Host, channels: &[u32]) -> Result<()> {
    let missing = missing_channels(host, channels);
    if missing.is_empty() || !may_make_nodes(host) { Ok(()) } else { make_all(IMEX, &missing) }
}

/// The nodes that these channels lack. The driver has a number of channels, and an image can ask for others:
/// those get none.
fn missing_channels(host: &Host, channels: &[u32]) -> Vec<Wanted> {
    let Some(major) = imex_major(host) else { return Vec::new() };
    let count = imex_channel_count(host);
    let node = |channel: &u32| node_of(format!("{IMEX}/channel{channel}"), major, *channel);
    let nodes = channels.iter().filter(|channel| **channel < count).map(node);
    nodes.filter(|node| !host.exists(&node.path)).collect()
}

/// Directory of the nodes of IMEX channels.
pub(crate) const IMEX: &str = "/dev/nvidia-caps-imex-channels";

/// `ImexChannelCount` of the module's parameters, or its default.
fn imex_channel_count(host: &Host) -> u32 {
    let text = host.read_text_optional("/proc/driver/nvidia/params").ok().flatten().unwrap_or_default();
    procfs::params(&text).imex_channel_count().unwrap_or(2048)
}

fn imex_major(host: &Host) -> Option<u32> {
    let table = host.read_text_optional("/proc/devices").ok()??;
    procfs::devices(&table).get("nvidia-caps-imex-channels")
}

fn missing_modules(host: &Host) -> Vec<&'static str> {
    let is_loaded = |name: &str| host.exists(&format!("/sys/module/{}", name.replace('-', "_")));
    MODULES.into_iter().filter(|name| !is_loaded(name)).collect()
}

fn load(driver_root: &str, module: &str) -> Result<()> {
    let words = match driver_root {
        "" | "/" => vec!["/sbin/modprobe", module],
        root => vec!["/usr/sbin/chroot", root, "/sbin/modprobe", module],
    };
    let mut command = exec::Command::new(words[0]).args(words.iter().skip(1).copied()).deadline(PATIENCE);
    command.env = vec![("PATH".into(), "/usr/sbin:/usr/bin:/sbin:/bin".into())];
    let output = command.run()?;
    if output.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Failure::new(format!("modprobe {module} ended with {}: {said}", output.ending())))
}

/// The nodes that the driver has, with the owner and mode that its parameters say; none where they say
/// that the administrator makes them. The minors of control nodes are fixed: `nv-linux.h` and
/// `uvm_common.h` of the open kernel modules.
fn wanted(host: &Host) -> Vec<Wanted> {
    let text = |path: &str| host.read_text_optional(path).ok().flatten().unwrap_or_default();
    let params = procfs::params(&text("/proc/driver/nvidia/params"));
    if params.modify_device_files() == Some(false) {
        return Vec::new();
    }
    let majors = procfs::devices(&text("/proc/devices"));
    let mut nodes = Vec::new();
    let mut add = |name: String, major: Option<u32>, minor: u32| {
        nodes.extend(major.map(|major| Wanted {
            mode: params.device_file_mode().unwrap_or(0o666),
            uid: params.device_file_uid().unwrap_or(0),
            gid: params.device_file_gid().unwrap_or(0),
            ..node_of(format!("/dev/{name}"), major, minor)
        }));
    };
    let nvidia = majors.get("nvidia").or_else(|| majors.get("nvidia-frontend"));
    add("nvidiactl".to_owned(), nvidia, 255);
    if host.exists("/sys/module/nvidia_modeset") {
        add("nvidia-modeset".to_owned(), nvidia, 254);
    }
    add("nvidia-uvm".to_owned(), majors.get("nvidia-uvm"), 0);
    add("nvidia-uvm-tools".to_owned(), majors.get("nvidia-uvm"), 1);
    const GPUS: &str = "/proc/driver/nvidia/gpus";
    for entry in host.list_optional(GPUS).ok().flatten().unwrap_or_default() {
        let information = procfs::gpu_information(&text(&format!("{GPUS}/{}/information", entry.name)));
        if let Some(minor) = information.minor {
            add(format!("nvidia{minor}"), nvidia, minor);
        }
    }
    nodes
}

fn node_of(path: String, major: u32, minor: u32) -> Wanted {
    Wanted::of(path, major, minor, 0o666)
}

fn make(node: &Wanted) -> Result<()> {
    let mode = Mode::from_raw_mode(node.mode);
    let device = makedev(node.major, node.minor);
    match mknodat(CWD, &node.path, FileType::CharacterDevice, mode, device) {
        // Another process was faster.
        Err(Errno::EXIST) => return Ok(()),
        other => other.map_err(|errno| cannot(&node.path, errno))?,
    }
    let (uid, gid) = (rustix::fs::Uid::from_raw(node.uid), rustix::fs::Gid::from_raw(node.gid));
    chownat(CWD, &node.path, Some(uid), Some(gid), rustix::fs::AtFlags::empty())
        .map_err(|errno| cannot(&node.path, errno))?;
    // The mask of new files took bits away.
    chmodat(CWD, &node.path, mode, rustix::fs::AtFlags::empty()).map_err(|errno| cannot(&node.path, errno))
}

fn cannot(path: &str, errno: Errno) -> Failure {
    Failure::new(format!("cannot make `{path}`")).caused_by(std::io::Error::from(errno))
}

/// A small machine of these files, for tests; it is gone with the folder.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]
pub(crate) fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, Host) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let host = Host::at(root.path());
    (root, host)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICES: (&str, &str) =
        ("proc/devices", "Character devices:\n195 nvidia\n511 nvidia-uvm\n\nBlock devices:\n");
    const GPU: (&str, &str) = ("proc/driver/nvidia/gpus/0000:07:00.0/information", "Device Minor: \t 3\n");

    #[test]
    fn the_nodes_are_those_that_the_drivers_own_program_would_make() {
        let (_root, host) = machine(&[
            DEVICES,
            GPU,
            ("sys/module/nvidia_modeset/version", ""),
            ("proc/driver/nvidia/params", "ModifyDeviceFiles: 1\nDeviceFileMode: 432\nDeviceFileGID: 44\n"),
        ]);
        let found: Vec<String> = wanted(&host)
            .iter()
            .map(|node| format!("{} {}:{} {:o} {}", node.path, node.major, node.minor, node.mode, node.gid))
            .collect();
        assert_eq!(
            found,
            [
                "/dev/nvidiactl 195:255 660 44",
                "/dev/nvidia-modeset 195:254 660 44",
                "/dev/nvidia-uvm 511:0 660 44",
                "/dev/nvidia-uvm-tools 511:1 660 44",
                "/dev/nvidia3 195:3 660 44",
            ]
        );
    }

    #[test]
    fn an_administrator_who_makes_the_nodes_is_left_to_it() {
        let (_root, host) = machine(&[DEVICES, GPU, ("proc/driver/nvidia/params", "ModifyDeviceFiles: 0\n")]);
        assert_eq!(wanted(&host), []);
    }

    #[test]
    fn no_more_channels_are_made_than_the_driver_has() {
        let devices = ("proc/devices", "Character devices:\n234 nvidia-caps-imex-channels\n");
        let there = ("dev/nvidia-caps-imex-channels/channel1", "");
        let asked = [0, 1, 3, 4, 2047, 2048, u32::MAX];
        for (params, expected) in [
            ("", [0, 3, 4, 2047].as_slice()),
            ("ImexChannelCount: 4\n", &[0, 3]),
            ("ImexChannelCount: 0\n", &[]),
        ] {
            let (_root, host) = machine(&[devices, there, ("proc/driver/nvidia/params", params)]);
            let made: Vec<u32> = missing_channels(&host, &asked).iter().map(|node| node.minor).collect();
            assert_eq!(made, expected, "{params}");
        }
    }

    #[test]
    fn only_modules_that_are_missing_are_loaded() {
        let (_root, host) = machine(&[("sys/module/nvidia/version", "580.95.05\n")]);
        assert_eq!(missing_modules(&host), ["nvidia-uvm", "nvidia-modeset"]);
    }

    #[test]
    fn a_machine_that_has_everything_is_not_touched() {
        let (_root, host) =
            machine(&[("proc/driver/nvidia/version", ""), ("dev/nvidiactl", ""), ("dev/nvidia-uvm", "")]);
        assert_eq!(ensure(&host, "/"), Vec::<String>::new());
    }
}
