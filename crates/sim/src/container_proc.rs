//! What the kernel would show containers: `/proc/driver` comes from kernel modules, so a simulated host
//! must bring it into every container's own procfs itself.
//!
//! Inside a simulation the low-level runtimes are this executable under their names: [`wrap_runtime`]
//! adds a first `createContainer` hook to the bundle's `config.json` and executes the real runtime; the
//! [`hook`] binds the simulated `/proc/driver` over the container's. A runtime refuses mounts below
//! `/proc` in `config.json`, and a hook of that kind runs in the container's mount namespace before the
//! root is changed, where both places can be seen.
#![expect(
    clippy::disallowed_methods,
    reason = "runs as a container runtime: reads its bundle, executes the real one"
)]

use crate::codes::CONTAINER_PROC;
use crate::door::{HOME, mounts};
use diag::{Failure, Result, ResultExt};
use oci::{Config, Hook, Stage, State};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names of the low-level runtimes that are wrapped.
pub const RUNTIMES: &[&str] = &["runc", "crun"];
/// First argument of the executable when it runs as the hook.
pub const HOOK_ARGUMENT: &str = "__simulation-hook";
/// Where wrappers lie, each at the path of its runtime below this directory.
pub(crate) const WRAPPERS: &str = "/run/longshore-sim/runtimes";
/// Where the real runtimes lie, likewise.
pub(crate) const REAL: &str = "/run/longshore-sim/real";
/// More than any engine hands to a hook.
const STATE_LIMIT: u64 = 1024 * 1024;

/// Runs as a low-level runtime: prepares the bundle where the command makes a container, then becomes
/// the real runtime. Returns only to say what failed.
///
/// # Errors
/// A bundle that cannot be read or written, a real runtime that cannot be executed.
pub fn wrap_runtime(called_as: &OsStr, arguments: &[OsString]) -> Result<()> {
    let wrapper = fs::read_link("/proc/self/exe").context("cannot find out the wrapper's own path")?;
    let real = real_path(&wrapper)?;
    let invocation = oci::args::parse(arguments)?;
    if invocation.creates() {
        let bundle = invocation.bundle.map_or_else(|| PathBuf::from("."), PathBuf::from);
        let name = invocation.config.unwrap_or_else(|| "config.json".into());
        prepare_bundle(&bundle.join(name))?;
    }
    let cause = Command::new(&real).arg0(called_as).args(arguments).exec();
    Err(Failure::coded(CONTAINER_PROC, format!("cannot execute {}", real.display())).caused_by(cause))
}

/// Runs as the hook: reads the container's state and shows the simulated `/proc/driver` in it.
///
/// # Errors
/// A state or bundle that cannot be read, or a mount that the kernel refuses.
pub fn hook() -> Result<()> {
    let mut state = Vec::new();
    std::io::stdin()
        .take(STATE_LIMIT)
        .read_to_end(&mut state)
        .context("cannot read the container's state")?;
    let bundle = PathBuf::from(State::parse(&state)?.bundle);
    let root = root_of(&bundle)?;
    let place = root.join("proc/driver");
    // A container without a procfs of its own has no place for it.
    if place.is_dir() { mounts::bind_tree("/proc/driver", &place) } else { Ok(()) }
}

/// The container's root directory as the runtime's mount namespace names it.
fn root_of(bundle: &Path) -> Result<PathBuf> {
    let path = bundle.join("config.json");
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let root = Config::parse(&bytes)?.root_path();
    let root =
        root.ok_or_else(|| Failure::coded(CONTAINER_PROC, format!("{} names no root", path.display())))?;
    Ok(bundle.join(root))
}

/// The real runtime of the wrapper at `path`.
fn real_path(wrapper: &Path) -> Result<PathBuf> {
    let below = wrapper.strip_prefix(WRAPPERS).map_err(|cause| {
        let message = format!("{} is not a wrapped runtime of a simulation", wrapper.display());
        Failure::coded(CONTAINER_PROC, message).caused_by(cause)
    })?;
    Ok(Path::new(REAL).join(below))
}

fn prepare_bundle(path: &Path) -> Result<()> {
    let bytes = match fs::read(path) {
        // The real runtime says what is wrong with its bundle.
        Err(_) => return Ok(()),
        Ok(bytes) => bytes,
    };
    // Likewise for what is no configuration.
    let Ok(mut config) = Config::parse(&bytes) else { return Ok(()) };
    add_hook(&mut config)?;
    replace(path, &config.to_bytes())
}

fn add_hook(config: &mut Config) -> Result<()> {
    let path = format!("{HOME}/longshore");
    // A hook without an environment gets the image's, `LD_PRELOAD` with it.
    let env = vec!["LC_ALL=C".to_owned()];
    let hook = Hook { args: vec![path.clone(), HOOK_ARGUMENT.into()], path, env, ..Hook::default() };
    config.remove_hooks(Stage::CreateContainer, |path| path == hook.path)?;
    config.insert_hook(Stage::CreateContainer, &hook)
}

/// Replaces a file in one step, with the same mode and owner.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".longshore-sim");
    let beside = PathBuf::from(beside);
    let replace = || {
        let old = fs::metadata(path)?;
        let mut file = fs::File::create(&beside)?;
        file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o7777))?;
        chown(&beside, Some(old.uid()), Some(old.gid()))?;
        file.write_all(bytes)?;
        fs::rename(&beside, path)
    };
    replace().with_context(|| format!("cannot replace {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapper_knows_its_runtime_by_its_own_path() {
        let real = real_path(Path::new("/run/longshore-sim/runtimes/usr/sbin/runc")).unwrap();
        assert_eq!(real, Path::new("/run/longshore-sim/real/usr/sbin/runc"));
        assert!(real_path(Path::new("/usr/sbin/runc")).is_err());
    }

    #[test]
    fn the_hook_comes_first_and_once_and_all_else_stays() {
        let text = r#"{"ociVersion":"1.0.2","x-unknown":[1.50,1e99],"root":{"path":"rootfs"},"hooks":{"createContainer":[{"path":"/other","x":1}]}}"#;
        let mut config = Config::parse(text.as_bytes()).unwrap();
        add_hook(&mut config).unwrap();
        add_hook(&mut config).unwrap();
        let written = String::from_utf8(config.to_bytes()).unwrap();
        let paths: Vec<String> =
            config.hooks(Stage::CreateContainer).into_iter().map(|hook| hook.path).collect();
        assert_eq!(paths, ["/run/longshore-sim/longshore", "/other"]);
        for kept in [r#""x-unknown":[1.50,1e99]"#, r#"{"path":"/other","x":1}"#, r#""ociVersion":"1.0.2""#] {
            assert!(written.contains(kept), "{kept} in {written}");
        }
    }
}
