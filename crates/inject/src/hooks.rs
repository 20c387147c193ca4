//! The hooks that finish a container from inside: links, loader cache, masks.

use crate::links::sorted_libraries;
use crate::policy::{HookStyle, Policy};
use crate::{Target, links, platform};
use cdi::Hook;
use driver::{Driver, Gpu, Link, Platform};

/// The hooks of all containers.
pub(crate) fn common(driver: &Driver, policy: &Policy) -> Vec<Hook> {
    if driver.platform != Platform::Pci {
        return platform::hooks(driver, policy);
    }
    match policy.hook_style {
        HookStyle::Fused => fused(driver, policy).into_iter().collect(),
        HookStyle::Separate => separate(driver, policy),
    }
}

/// The hooks of one GPU. The fused hook finds out by itself which GPUs a container has, and makes their
/// links; the directory of the DRM nodes is opened to everybody only where that is asked for.
pub(crate) fn of_target(target: Target, driver: &Driver, policy: &Policy) -> Vec<Hook> {
    let shown = |gpu: &&Gpu| match target.mig {
        None => true,
        Some(mig) => gpu.mig.get(mig).is_some_and(driver::Mig::has_graphics),
    };
    let gpu = driver.gpus.get(target.gpu).filter(shown);
    let links = gpu.filter(|_| !policy.is_fused()).map(links::of_gpu).unwrap_or_default();
    let has_nodes = gpu.is_some_and(|gpu| !gpu.drm.is_empty());
    let arguments = || ["--mode", "755", "--path", "/dev/dri"].map(str::to_owned).to_vec();
    let chmod = (has_nodes && policy.enables_hook("chmod")).then(|| hook("chmod", arguments(), policy));
    symlinks(&links, policy).into_iter().chain(chmod).collect()
}

fn fused(driver: &Driver, policy: &Policy) -> Option<Hook> {
    let mut arguments = Vec::new();
    if policy.wants_hook("create-symlinks") {
        let mut all = links::of_graphics(driver, policy);
        all.extend(links::of_libraries(driver, policy, |_| true));
        arguments.extend(pairs("--link", &all));
        let of_devices: Vec<Link> = driver.gpus.iter().flat_map(|gpu: &Gpu| links::of_gpu(gpu)).collect();
        arguments.extend(pairs("--device-link", &of_devices));
    }
    if policy.wants_hook("update-ldcache") {
        arguments.extend(folders(driver, policy));
        arguments.extend(sonames(driver, policy));
    }
    arguments.extend(crate::loader_files::arguments(driver, policy));
    if policy.wants_hook("enable-cuda-compat") {
        arguments.extend(host_driver_version(driver));
    }
    for name in ["disable-device-node-modification", "update-application-profile"] {
        let is_needed = name != "update-application-profile" || policy.wants_graphics();
        if policy.wants_hook(name) && is_needed {
            arguments.push(format!("--{name}"));
        }
    }
    (!arguments.is_empty()).then(|| hook("prepare-container", arguments, policy))
}

fn separate(driver: &Driver, policy: &Policy) -> Vec<Hook> {
    let mut hooks = Vec::new();
    hooks.extend(symlinks(&links::of_graphics(driver, policy), policy));
    hooks.extend(symlinks(&links::of_libraries(driver, policy, |library| library.versioned), policy));
    let mut add = |name: &str, wanted: bool, arguments: Vec<String>| {
        if wanted && policy.wants_hook(name) {
            hooks.push(hook(name, arguments, policy));
        }
    };
    let version = host_driver_version(driver);
    add("enable-cuda-compat", version.is_some(), version.into_iter().collect());
    let folders = folders(driver, policy);
    add("update-ldcache", !folders.is_empty(), ldconfig(policy).chain(folders.clone()).collect());
    add("disable-device-node-modification", true, Vec::new());
    add("update-application-profile", true, Vec::new());
    hooks
}

/// The hook that makes newer CUDA libraries of an image known to its loader, for a container with these
/// GPUs; none where they would be refused.
#[must_use]
pub fn compat_hook(driver: &Driver, targets: &[Target], policy: &Policy) -> Option<Hook> {
    let policy = policy.for_gpus(targets.iter().filter_map(|target| driver.gpus.get(target.gpu)));
    let version = host_driver_version(driver)?;
    policy.wants_hook("enable-cuda-compat").then(|| hook("enable-cuda-compat", vec![version], &policy))
}

pub(crate) fn symlinks(links: &[Link], policy: &Policy) -> Option<Hook> {
    (!links.is_empty() && policy.wants_hook("create-symlinks"))
        .then(|| hook("create-symlinks", pairs("--link", links), policy))
}

pub(crate) fn hook(name: &str, arguments: Vec<String>, policy: &Policy) -> Hook {
    let program = links::base_name(&policy.hook_path);
    let mut args = vec![program.to_owned()];
    if program == "nvidia-ctk" {
        args.push("hook".into());
    }
    args.push(name.to_owned());
    args.extend(arguments);
    Hook {
        hook_name: "createContainer".into(),
        path: policy.hook_path.clone(),
        args,
        // Never empty: without it a hook would inherit the environment of the image's process.
        env: vec!["NVIDIA_CTK_DEBUG=false".into()],
        timeout: None,
    }
}

pub(crate) fn pairs(flag: &str, links: &[Link]) -> Vec<String> {
    links.iter().flat_map(|link| [flag.to_owned(), format!("{}::{}", link.target, link.path)]).collect()
}

pub(crate) fn ldconfig(policy: &Policy) -> impl Iterator<Item = String> {
    policy.ldconfig_path.iter().flat_map(|path| ["--ldconfig-path".to_owned(), path.clone()])
}

pub(crate) fn folders(driver: &Driver, policy: &Policy) -> Vec<String> {
    links::folders(driver, policy).into_iter().flat_map(|folder| ["--folder".to_owned(), folder]).collect()
}

pub(crate) fn sonames(driver: &Driver, policy: &Policy) -> Vec<String> {
    sorted_libraries(driver, policy)
        .iter()
        .filter_map(|library| Some(format!("{}={}", library.soname.as_deref()?, library.file.container_path)))
        .flat_map(|pair| ["--library".to_owned(), pair])
        .collect()
}

fn host_driver_version(driver: &Driver) -> Option<String> {
    driver.version.as_ref().map(|version| format!("--host-driver-version={version}"))
}
