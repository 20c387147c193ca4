//! Turns the `/` of this mount namespace, whose `/usr`, `/etc`, `/run` and `/dev` are already its own,
//! into the described host.

use super::artefacts::Artefacts;
use super::graft::graft;
use super::{HOME, files, materialise, mounts, runtimes};
use crate::codes::NO_NAMESPACE;
use crate::layout::Layout;
use crate::{Description, Machine, RunOptions};
use diag::{Failure, Result, ResultExt};
use std::path::Path;
use std::process::{Command, Stdio};

/// Kernel directories that get simulated entries.
const GRAFTED: &[&str] = &["/proc/driver", "/sys/bus/pci/devices", "/sys/bus/pci/drivers", "/sys/module"];
/// Where `ldconfig` keeps a cache of its own that the outside must not see changed.
const LDCONFIG_STATE: &[&str] = &["/var/cache/ldconfig", "/var/cache", "/var"];

/// Everything that is read before the namespace changes the view.
pub(super) struct Prepared {
    pub(super) description: Description,
    pub(super) machine: Machine,
    pub(super) artefacts: Artefacts,
}

/// Makes the host.
pub(super) fn simulate(prepared: Prepared, options: &RunOptions) -> Result<()> {
    let Prepared { description, machine, artefacts } = prepared;
    let layout = Layout::of(&description, &machine);
    let workbench = Path::new(HOME).join("workbench");
    files::make_directory(&workbench)?;
    mount_pristine()?;
    for directory in GRAFTED {
        graft(Path::new(directory), &workbench, |_| true)?;
    }
    materialise::materialise(&layout, &description, artefacts)?;
    update_loader_cache()?;
    if options.container_proc {
        runtimes::wrap()?;
    }
    Ok(())
}

/// Mounts procfs and sysfs once more, where nothing will cover a part of them: the kernel lets user
/// namespaces mount either only where their namespace has one that is wholly visible
/// (`mount_too_revealing` in `fs/namespace.c`), and rootless containers need both.
fn mount_pristine() -> Result<()> {
    for (kind, name) in [("proc", "proc"), ("sysfs", "sys")] {
        let place = Path::new(HOME).join("kernel").join(name);
        files::make_directory(&place)?;
        mounts::file_system(kind, &place, "")?;
    }
    Ok(())
}

/// Makes the directory for the simulation's own files, below the root as it is now, and the executable
/// visible in it.
pub(super) fn make_home(root: &Path, executable: &Path) -> Result<()> {
    let home = root.join(HOME.trim_start_matches('/'));
    let inside = home.join("longshore");
    files::touch(&inside)?;
    files::set_mode(&home, 0o755)?;
    mounts::bind(executable, &inside)
}

/// Has the root's own `ldconfig` list the libraries. It must change no link and nothing outside.
fn update_loader_cache() -> Result<()> {
    let program = ["/sbin/ldconfig", "/usr/sbin/ldconfig"].into_iter().find(|path| Path::new(path).exists());
    let Some(program) = program else {
        return Err(Failure::coded(
            NO_NAMESPACE,
            "the root has no ldconfig, so nothing would find its libraries",
        ));
    };
    let state = LDCONFIG_STATE.iter().find(|path| Path::new(path).is_dir());
    if let Some(state) = state {
        mounts::tmpfs(state, 0o700)?;
    }
    let output = Command::new(program).arg("-X").env_clear().stdin(Stdio::null()).output();
    if let Some(state) = state {
        mounts::detach(state)?;
    }
    let output = output.with_context(|| format!("cannot start {program}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Failure::coded(NO_NAMESPACE, format!("{program} failed: {text}")))
}
