//! `nvidia-ctk system create-device-nodes`: control device nodes, before a driver tool made them.

mod dev_char;

use crate::arguments::{Command, Flag, Parsed};
use crate::exit::Exit;
use crate::session::Session;
use diag::{Failure, Result};
use formats::procfs;
use host::Kind;
use host::exec;

/// The row of the tables.
pub(crate) const COMMAND: Command =
    Command::group("system", "Prepares the machine", &[dev_char::COMMAND, CREATE_DEVICE_NODES]);

const CREATE_DEVICE_NODES: Command =
    Command::new("create-device-nodes", "Makes the driver's device nodes", create_device_nodes).flags(&[
        Flag::text("root", "Root of the driver; modules are loaded in it")
            .aliases(&["driver-root"])
            .env(&["ROOT", "NVIDIA_DRIVER_ROOT", "DRIVER_ROOT"])
            .default("/"),
        Flag::text("dev-root", "Root below which dev lies; otherwise the driver's root")
            .env(&["NVIDIA_DEV_ROOT", "DEV_ROOT"]),
        Flag::switch("control-devices", "Make nvidiactl, nvidia-modeset, nvidia-uvm and nvidia-uvm-tools"),
        Flag::switch("load-kernel-modules", "Load the kernel modules first"),
        Flag::switch("dry-run", "Log what would be done and do nothing").env(&["DRY_RUN"]),
    ]);

/// Kernel modules in the order in which they are loaded.
const MODULES: [&str; 3] = ["nvidia", "nvidia-uvm", "nvidia-modeset"];

/// A node that is to be there.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    path: String,
    major: u32,
    minor: u32,
}

fn create_device_nodes(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let root = or_slash(parsed.text("root"));
    let dev_root = match parsed.text("dev-root") {
        "" => root,
        given => given,
    };
    let dry_run = parsed.switch("dry-run");
    session.info(&format!("Using dev-root {dev_root:?}"));
    if parsed.switch("load-kernel-modules") {
        load_modules(session, root, dry_run)?;
    }
    if parsed.switch("control-devices") {
        session.info(&format!("Creating control device nodes at {dev_root}"));
        let table = session.host.read_text("/proc/devices")?;
        for node in control_nodes(dev_root, &table)? {
            make(session, &node, dry_run)?;
        }
    }
    Ok(Exit::Well)
}

fn or_slash(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

fn load_modules(session: &mut Session, root: &str, dry_run: bool) -> Result<()> {
    for module in MODULES {
        let argv = match root {
            "/" => vec!["/sbin/modprobe", module],
            root => vec!["/usr/sbin/chroot", root, "/sbin/modprobe", module],
        };
        run(session, &argv, dry_run)?;
    }
    Ok(())
}

/// The control nodes with the majors that the kernel gave to the modules. The minors are fixed: 255 and
/// 254 in `nv-linux.h`, 0 and 1 in `uvm_common.h` of the open kernel modules.
fn control_nodes(dev_root: &str, table: &str) -> Result<Vec<Wanted>> {
    let majors = procfs::devices(table);
    let missing =
        |name| Failure::new(format!("missing required device major {name}: is its kernel module loaded?"));
    let nvidia =
        majors.get("nvidia").or_else(|| majors.get("nvidia-frontend")).ok_or_else(|| missing("nvidia"))?;
    let uvm = majors.get("nvidia-uvm").ok_or_else(|| missing("nvidia-uvm"))?;
    let node = |name, major, minor| Wanted {
        path: format!("{}/dev/{name}", dev_root.trim_end_matches('/')),
        major,
        minor,
    };
    Ok(vec![
        node("nvidiactl", nvidia, 255),
        node("nvidia-modeset", nvidia, 254),
        node("nvidia-uvm", uvm, 0),
        node("nvidia-uvm-tools", uvm, 1),
    ])
}

/// Makes one node. One that is there stays; with other numbers it is an error, since programs would
/// open something else.
fn make(session: &mut Session, node: &Wanted, dry_run: bool) -> Result<()> {
    let Wanted { path, major, minor } = node;
    let (major_text, minor_text) = (major.to_string(), minor.to_string());
    let argv = ["/usr/bin/mknod", "--mode=0666", path, "c", &major_text, &minor_text];
    match session.host.lstat(path)? {
        _ if dry_run => run(session, &argv, true),
        None => run(session, &argv, false),
        Some(there) if there.kind == Kind::CharDevice && (there.major, there.minor) == (*major, *minor) => {
            session.info(&format!("Skipping: {path} already exists"));
            Ok(())
        }
        Some(_) => {
            Err(Failure::new(format!("{path} exists and is not the character device {major}:{minor}")))
        }
    }
}

/// Runs a program of the system and demands that it ends well.
fn run(session: &mut Session, argv: &[&str], dry_run: bool) -> Result<()> {
    let Some((program, arguments)) = argv.split_first() else { return Ok(()) };
    let name = program.rsplit('/').next().unwrap_or_default();
    session.info(&format!("Running: {name} {}", arguments.join(" ")));
    if dry_run {
        return Ok(());
    }
    let output = exec::Command::new(*program).args(arguments.iter().copied()).run()?;
    if output.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Failure::new(format!("{} ended with {}: {said}", argv.join(" "), output.ending())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_nodes_take_their_majors_from_the_kernel() {
        let table = "Character devices:\n  1 mem\n195 nvidia\n507 nvidia-uvm\n\nBlock devices:\n  8 sd\n";
        let found: Vec<(String, u32, u32)> = control_nodes("/", table)
            .unwrap()
            .into_iter()
            .map(|node| (node.path, node.major, node.minor))
            .collect();
        let expected = [
            ("/dev/nvidiactl", 195, 255),
            ("/dev/nvidia-modeset", 195, 254),
            ("/dev/nvidia-uvm", 507, 0),
            ("/dev/nvidia-uvm-tools", 507, 1),
        ];
        assert_eq!(found, expected.map(|(path, major, minor)| (path.to_owned(), major, minor)));
        assert_eq!(
            control_nodes("/drv/", &table.replace("nvidia\n", "nvidia-frontend\n")).unwrap()[0].path,
            "/drv/dev/nvidiactl"
        );
    }

    #[test]
    fn a_missing_module_is_named() {
        for (table, name) in [("", "nvidia:"), ("Character devices:\n195 nvidia\n", "nvidia-uvm:")] {
            let failure = control_nodes("/", table).unwrap_err().chain();
            assert!(failure.starts_with(&format!("missing required device major {name}")), "{failure}");
        }
    }
}
