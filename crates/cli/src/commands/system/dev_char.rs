//! `nvidia-ctk system create-dev-char-symlinks`: a link `/dev/char/MAJOR:MINOR` for each device node.
//!
//! runc below systemd finds a node's device by this link; without it a `systemctl daemon-reload`
//! takes the GPUs away from running containers.

use super::{Wanted, control_nodes, load_modules, make, or_slash};
use crate::arguments::{Command, Flag, Parsed};
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Result};
use formats::procfs;
use host::{Host, Kind, exec};

pub(super) const COMMAND: Command =
    Command::new("create-dev-char-symlinks", "Makes links to the driver's nodes in /dev/char", create).flags(
        &[
            Flag::text("dev-char-path", "Directory of the links").env(&["DEV_CHAR_PATH"]).default(DEV_CHAR),
            Flag::text("driver-root", "Root of the driver; modules are loaded in it")
                .env(&["NVIDIA_DRIVER_ROOT", "DRIVER_ROOT"])
                .default("/"),
            Flag::switch("create-all", "Links for all nodes that can be, not only for those that are there")
                .env(&["CREATE_ALL"]),
            Flag::switch("load-kernel-modules", "Load the kernel modules first; with --create-all")
                .env(&["LOAD_KERNEL_MODULES"]),
            Flag::switch("create-device-nodes", "Make the control nodes first; with --create-all")
                .env(&["CREATE_DEVICE_NODES"]),
            Flag::switch("dry-run", "Log what would be done and do nothing").env(&["DRY_RUN"]),
        ],
    );

/// The directory in which runc and systemd look; an empty `--dev-char-path` means it too.
const DEV_CHAR: &str = "/dev/char";

/// Where the driver's nodes are, and how their names begin.
const PLACES: [(&str, &str); 2] = [("/dev", "nvidia"), ("/dev/nvidia-caps", "nvidia-")];

/// Nodes of other drivers.
const NOT_OURS: [&str; 3] = ["nvidia-fs", "nvidia-nvswitch", "nvidia-nvlink"];

fn create(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let (all, dry_run) = (parsed.switch("create-all"), parsed.switch("dry-run"));
    for name in ["load-kernel-modules", "create-device-nodes"] {
        if parsed.switch(name) && !all {
            session.warn(&format!("--{name} is only for --create-all and has no effect"));
        }
    }
    if all && parsed.switch("load-kernel-modules") {
        load_modules(session, or_slash(parsed.text("driver-root")), dry_run)?;
    }
    if all && parsed.switch("create-device-nodes") {
        let table = session.host.read_text("/proc/devices")?;
        for node in control_nodes("/", &table)? {
            make(session, &node, dry_run)?;
        }
    }
    let nodes = if all { possible(&session.host)? } else { existing(&session.host)? };
    let directory = directory(session, parsed.text("dev-char-path"))?;
    if !nodes.is_empty() && !dry_run {
        session.writable().make_directories(&directory)?;
    }
    for node in &nodes {
        link(session, &directory, node, dry_run)?;
    }
    Ok(Exit::Well)
}

fn directory(session: &Session, given: &str) -> Result<String> {
    if given.is_empty() { Ok(DEV_CHAR.to_owned()) } else { session.absolute(given) }
}

/// The driver's nodes that are there.
fn existing(host: &Host) -> Result<Vec<Wanted>> {
    let mut nodes = Vec::new();
    for (directory, start) in PLACES {
        for entry in host.list_optional(directory)?.unwrap_or_default() {
            let name = entry.name.as_str();
            if !name.starts_with(start) || NOT_OURS.iter().any(|other| name.starts_with(other)) {
                continue;
            }
            let path = format!("{directory}/{name}");
            if let Some(stat) = host.lstat(&path)?.filter(|stat| stat.kind == Kind::CharDevice) {
                nodes.push(Wanted { path, major: stat.major, minor: stat.minor });
            }
        }
    }
    Ok(nodes)
}

/// The nodes that the driver could have on this machine.
fn possible(host: &Host) -> Result<Vec<Wanted>> {
    let table = host.read_text("/proc/devices")?;
    let control = control_nodes("/", &table)?;
    let major = control.first().map_or(0, |nvidiactl| nvidiactl.major);
    let gpu = |minor| Wanted { path: format!("/dev/nvidia{minor}"), major, minor };
    let mut nodes: Vec<Wanted> = (0..gpus(host)?).map(gpu).collect();
    nodes.extend(control);
    let text = host.read_text_optional("/proc/driver/nvidia-caps/mig-minors")?.unwrap_or_default();
    let caps = procfs::mig_minors(&text);
    if !caps.is_empty() {
        let missing = || Failure::new("missing required device major nvidia-caps");
        let major = procfs::devices(&table).get("nvidia-caps").ok_or_else(missing)?;
        let cap = |minor| Wanted { path: format!("/dev/nvidia-caps/nvidia-cap{minor}"), major, minor };
        nodes.extend(caps.minors().map(cap));
    }
    Ok(nodes)
}

/// How many PCI devices are GPUs of NVIDIA: vendor 0x10de, classes VGA and 3D controller.
fn gpus(host: &Host) -> Result<u32> {
    const DEVICES: &str = "/sys/bus/pci/devices";
    let mut count = 0;
    for device in host.list_optional(DEVICES)?.unwrap_or_default() {
        let text = |file: &str| host.read_text_optional(&format!("{DEVICES}/{}/{file}", device.name));
        let is_gpu = text("vendor")?.is_some_and(|vendor| vendor.trim() == "0x10de")
            && text("class")?.is_some_and(|class| class.starts_with("0x0300") || class.starts_with("0x0302"));
        count += u32::from(is_gpu);
    }
    Ok(count)
}

/// Makes one link. One that is there already stays; a link that cannot be made stops no other.
fn link(session: &mut Session, directory: &str, node: &Wanted, dry_run: bool) -> Result<()> {
    let path = format!("{}/{}:{}", directory.trim_end_matches('/'), node.major, node.minor);
    session.info(&format!("Creating link {path} => {}", node.path));
    if dry_run {
        return Ok(());
    }
    if session.host.lstat(&path)?.is_some() {
        session.warn(&format!("Could not create symlink: {path} already exists"));
        return Ok(());
    }
    let output = exec::Command::new("/bin/ln").args(["--symbolic", &node.path, &path]).run()?;
    if !output.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        session.warn(&format!("Could not create symlink: {said}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the test writes the host that it looks at")]

    use super::*;
    use std::ffi::OsString;
    use std::fs;

    /// The host is a directory; `ln` runs on this machine, where the directory of the links is there.
    #[test]
    fn the_directory_of_the_links_is_made() {
        let (root, links) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(root.path().join("proc")).unwrap();
        fs::write(root.path().join("proc/devices"), "Character devices:\n195 nvidia\n507 nvidia-uvm\n")
            .unwrap();
        let path = links.path().to_str().unwrap();
        let made = root.path().join(path.trim_start_matches('/'));
        let run = |more: &[&str]| {
            let mut session = Session::kept(Host::at(root.path()));
            let given = format!("--dev-char-path={path}");
            let words = ["--quiet", "system", "create-dev-char-symlinks", "--create-all", &given];
            let arguments: Vec<OsString> = words.iter().chain(more).map(OsString::from).collect();
            assert_eq!(crate::nvidia_ctk::run(&mut session, &arguments), Exit::Well);
        };
        run(&["--dry-run"]);
        assert!(!made.exists());
        run(&[]);
        assert!(made.is_dir());
        let target = fs::read_link(links.path().join("507:1")).unwrap();
        assert_eq!(target.to_str(), Some("/dev/nvidia-uvm-tools"));
    }
}
