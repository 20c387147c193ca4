//! Many containers at once, after the driver's files changed: one of the starts looks through the machine,
//! the others wait for it, none fails.

use super::super::scratch;
use super::{PLAIN, SETTINGS};
use crate::exec::command;
use diag::{Failure, Result, ResultExt};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::fs::{self, Permissions};
use std::mem::MaybeUninit;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

const STARTS: usize = 64;
const INVENTORY: &str = "/run/longshore";
const LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu";
/// Of a container before the shim has seen it.
const CONFIG: &str = r#"{"ociVersion":"1.0.2","process":{"env":["NVIDIA_VISIBLE_DEVICES=all"],"cwd":"/","args":["true"]},"root":{"path":"rootfs"},"linux":{}}"#;

/// Does it so many times.
pub(super) fn run(rounds: usize) -> Result<()> {
    let runtime = low_level()?;
    fs::write(SETTINGS, format!("[nvidia-container-runtime]\nruntimes = [\"{}\"]\n", runtime.display()))
        .with_context(|| format!("cannot write {SETTINGS}"))?;
    starts(1, "warm")?;
    for round in 0..rounds {
        change_driver()?;
        let watch = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).context("cannot watch")?;
        inotify::add_watch(&watch, INVENTORY, WatchFlags::MOVED_TO).context("cannot watch the inventory")?;
        starts(STARTS, &format!("round-{round}"))?;
        let refreshes = renamed(&watch)?;
        if refreshes != 1 {
            return Err(Failure::new(format!("round {round}: {refreshes} refreshes")));
        }
    }
    Ok(())
}

/// Exchanges `libcuda`, as an update does, and lets the clock of the file system go on.
fn change_driver() -> Result<()> {
    let entries = fs::read_dir(LIBRARIES).with_context(|| format!("cannot list {LIBRARIES}"))?;
    let is_it = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libcuda.so."))
    };
    let library =
        entries.filter_map(|entry| Some(entry.ok()?.path())).find(|path| is_it(path) && !path.is_symlink());
    let library = library.ok_or_else(|| Failure::new("this machine has no libcuda"))?;
    let new = library.with_extension("new");
    fs::copy(&library, &new).and_then(|_| fs::rename(&new, &library)).context("cannot exchange libcuda")?;
    std::thread::sleep(Duration::from_millis(60));
    Ok(())
}

/// Starts so many containers at once; each must get its eight GPUs.
fn starts(count: usize, name: &str) -> Result<()> {
    let bundles: Vec<PathBuf> =
        (0..count).map(|number| scratch("crowd").join(format!("{name}-{number}"))).collect();
    for bundle in &bundles {
        fs::create_dir_all(bundle).context("cannot make a bundle")?;
        fs::write(bundle.join("config.json"), CONFIG).context("cannot write config.json")?;
    }
    let children: Vec<Child> = bundles.iter().map(|bundle| start(bundle)).collect::<Result<_>>()?;
    for child in children {
        let ended = child.wait_with_output().context("cannot wait")?;
        if !ended.status.success() {
            return Err(Failure::new(String::from_utf8_lossy(&ended.stderr).into_owned()));
        }
    }
    for bundle in &bundles {
        let config = fs::read_to_string(bundle.join("config.json")).context("cannot read config.json")?;
        if !(0..8).all(|gpu| config.contains(&format!("\"/dev/nvidia{gpu}\""))) {
            return Err(Failure::new(format!("{} has not its GPUs", bundle.display())));
        }
    }
    fs::remove_dir_all(scratch("crowd")).context("cannot remove the bundles")
}

fn start(bundle: &Path) -> Result<Child> {
    let mut shim = command([format!("/usr/bin/{PLAIN}")]);
    shim.args(["create", "--bundle"]).args([bundle.as_os_str(), "one".as_ref()]);
    shim.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().context("cannot start the shim")
}

/// How often a new inventory took the place of the old one.
fn renamed(watch: impl rustix::fd::AsFd) -> Result<usize> {
    let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
    let mut events = inotify::Reader::new(watch, &mut buffer);
    let mut count = 0;
    loop {
        match events.next() {
            Ok(event) => {
                count +=
                    usize::from(event.file_name().is_some_and(|name| name.to_bytes() == b"inventory.json"));
            }
            Err(rustix::io::Errno::AGAIN) => return Ok(count),
            Err(cause) => {
                return Err(Failure::new("cannot read events").caused_by(std::io::Error::from(cause)));
            }
        }
    }
}

/// A low-level runtime that does nothing.
fn low_level() -> Result<PathBuf> {
    let path = scratch("nothing.sh");
    fs::write(&path, "#!/bin/sh\nexit 0\n").context("cannot write a runtime")?;
    fs::set_permissions(&path, Permissions::from_mode(0o755)).context("cannot make the runtime run")?;
    Ok(path)
}
