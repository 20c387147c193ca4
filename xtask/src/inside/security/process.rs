//! What a container inherits, and what of its mounts the host gets to see.

use super::place::{Container, Host, Way, call, said, state};
use crate::exec::{capture, command};
use crate::inside::bundle::{self, Bundle};
use crate::inside::check::Ledger;
use crate::inside::{Job, scratch};
use diag::{Failure, Result, ResultExt};
use serde_json::json;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// Runs all of these tests.
pub(super) fn run(job: &Job, runtimes: &[&str], ledger: &mut Ledger) -> Result<()> {
    for way in [Way::Fused, Way::Prestart] {
        ledger.check("descriptors", way.name(), || descriptors(job, way))?;
    }
    ledger.check("shared namespace", "prestart hook", || super::race::shared_namespace(job))?;
    for runtime in runtimes {
        for way in Way::ALL {
            for propagation in ["", "rslave", "shared"] {
                let case = format!("{}, rootfsPropagation={propagation:?}", way.name());
                ledger.check(&format!("shared rootfs, {runtime}"), &case, || {
                    shared_root(job, way, runtime, propagation)
                })?;
            }
        }
    }
    for hook in [
        "create-symlinks --link a::/longshore-link",
        "update-application-profile",
        "chmod --mode 777 --path /srv/victim/secret",
        "prepare-container --link a::/longshore-link",
    ] {
        ledger.check("container root `/`", hook, || own_root(job, hook))?;
    }
    Ok(())
}

/// CVE-2024-21626: a runtime that is called with descriptors of the host open hands none of them on.
fn descriptors(job: &Job, way: Way) -> Result<()> {
    let container = Container::make(job, way, "runc", "", &[])?;
    let mut config = container.bundle.config()?;
    config["process"]["args"] = json!(["ls", "/proc/self/fd"]);
    container.bundle.write(&config)?;
    let runtime = if way == Way::Fused { "/usr/bin/nvidia-container-runtime" } else { "runc" };
    let leaky = scratch("leaky");
    let script = format!("#!/bin/sh\nexec 8</etc/hostname 9</srv/victim\nexec {runtime} \"$@\"\n");
    fs::write(&leaky, script).context("cannot write a script")?;
    fs::set_permissions(&leaky, Permissions::from_mode(0o755)).context("cannot make a script run")?;
    let shown = bundle::run(&leaky, &container.bundle, "hostile");
    container.remove()?;
    // 3 is the folder that `ls` itself has opened.
    match shown?.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["0", "1", "2", "3"] => Ok(()),
        other => Err(Failure::new(format!("the container's process has the descriptors {other:?}"))),
    }
}

/// The root is a shared mount, as some storage drivers and nested engines leave it: what a hook mounts
/// in the container must not appear on the host.
fn shared_root(job: &Job, way: Way, runtime: &str, propagation: &str) -> Result<()> {
    let container = Container::make(job, way, runtime, "", &[])?;
    let root = container.bundle.path.join("rootfs");
    if !propagation.is_empty() {
        let mut config = container.bundle.config()?;
        config["linux"]["rootfsPropagation"] = json!(propagation);
        container.bundle.write(&config)?;
    }
    capture(command(["mount", "--bind"]).args([&root, &root]))?;
    capture(command(["mount", "--make-shared"]).arg(&root))?;
    let judged = Host::now().and_then(|before| {
        let ended = container.create()?;
        if !ended.status.success() {
            return Err(Failure::new(said(&ended)));
        }
        before.must_be_untouched()
    });
    container.end()?;
    capture(command(["umount", "-R"]).arg(&root))?;
    container.remove()?;
    judged
}

/// A configuration that names the machine's own root: hooks refuse it.
fn own_root(job: &Job, hook: &str) -> Result<()> {
    let bundle = Bundle::make(job, "own-root", &["true"], &[])?;
    let mut config = bundle.config()?;
    config["root"]["path"] = json!("/");
    bundle.write(&config)?;
    let before = Host::now()?;
    let ended = call(command(["/usr/bin/nvidia-cdi-hook"]).args(hook.split(' ')), &state(&bundle, 0))?;
    before.must_be_untouched()?;
    fs::remove_dir_all(&bundle.path).context("cannot remove a bundle")?;
    if ended.status.success() || !said(&ended).contains("R301") {
        return Err(Failure::new(format!("not refused: {}", said(&ended))));
    }
    Ok(())
}
