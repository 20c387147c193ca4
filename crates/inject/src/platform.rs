//! What containers on machines without PCI GPUs get besides mounts and nodes: their hooks.

use crate::{Policy, hooks, links};
use cdi::Hook;
use driver::{Driver, Platform};

/// The hooks of all containers on a Tegra system or in WSL. Nothing there makes device nodes by itself
/// or knows application profiles; which images' compatibility libraries fit is told by the CUDA version.
pub(crate) fn hooks(driver: &Driver, policy: &Policy) -> Vec<Hook> {
    let mut hooks = Vec::new();
    let of_libraries = links::of_libraries(driver, policy, |_| true);
    let fused = policy.is_fused();
    if !fused {
        hooks.extend(hooks::symlinks(&of_libraries, policy));
        hooks.extend(hooks::symlinks(&driver.links, policy));
    }
    hooks.extend(compat(driver, policy));
    let mut arguments = Vec::new();
    if fused && policy.wants_hook("create-symlinks") {
        arguments.extend(hooks::pairs("--link", &of_libraries));
        arguments.extend(hooks::pairs("--link", &driver.links));
    }
    let folders = hooks::folders(driver, policy);
    if !folders.is_empty() && policy.wants_hook("update-ldcache") {
        if fused {
            arguments.extend(folders);
            arguments.extend(hooks::sonames(driver, policy));
        } else {
            hooks.push(hooks::hook(
                "update-ldcache",
                hooks::ldconfig(policy).chain(folders).collect(),
                policy,
            ));
        }
    }
    if !arguments.is_empty() {
        hooks.push(hooks::hook("prepare-container", arguments, policy));
    }
    hooks
}

fn compat(driver: &Driver, policy: &Policy) -> Option<Hook> {
    let (major, minor) = driver.cuda.filter(|_| driver.platform == Platform::Tegra)?;
    let root = driver.compat_root.iter().map(|root| format!("--cuda-compat-container-root={root}"));
    let arguments = std::iter::once(format!("--host-cuda-version={major}.{minor}")).chain(root);
    policy
        .wants_hook("enable-cuda-compat")
        .then(|| hooks::hook("enable-cuda-compat", arguments.collect(), policy))
}
