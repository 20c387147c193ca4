//! The hooks that finish a container from inside: links, loader cache, masks.

use crate::links::sorted_libraries;
use crate::policy::{HookStyle, Policy};
use crate::{Target, links};
use cdi::Hook;
use driver::{Driver, Gpu, Link};

/// The hooks of all containers.
pub(crate) fn common(driver: &Driver, policy: &Policy) -> Vec<Hook> {
    match policy.hook_style {
        HookStyle::Fused => fused(driver, policy).into_iter().collect(),
        HookStyle::Separate => separate(driver, policy),
    }
}

/// The hooks of one GPU. The fused hook finds out by itself which GPUs a container has.
pub(crate) fn of_target(target: Target, driver: &Driver, policy: &Policy) -> Vec<Hook> {
    let gpu = driver
        .gpus
        .get(target.gpu)
        .filter(|_| target.mig.is_none() && policy.hook_style == HookStyle::Separate);
    let links = gpu.map(links::of_gpu).unwrap_or_default();
    symlinks(&links, policy).into_iter().collect()
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
    if policy.wants_hook("enable-cuda-compat") {
        arguments.extend(host_driver_version(driver));
    }
    for name in ["disable-device-node-modification", "update-application-profile"] {
        if policy.wants_hook(name) {
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
    let ldconfig = policy.ldconfig_path.iter().flat_map(|path| ["--ldconfig-path".to_owned(), path.clone()]);
    add("update-ldcache", !folders.is_empty(), ldconfig.chain(folders.clone()).collect());
    add("disable-device-node-modification", true, Vec::new());
    add("update-application-profile", true, Vec::new());
    hooks
}

fn symlinks(links: &[Link], policy: &Policy) -> Option<Hook> {
    (!links.is_empty() && policy.wants_hook("create-symlinks"))
        .then(|| hook("create-symlinks", pairs("--link", links), policy))
}

fn hook(name: &str, arguments: Vec<String>, policy: &Policy) -> Hook {
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

fn pairs(flag: &str, links: &[Link]) -> Vec<String> {
    links.iter().flat_map(|link| [flag.to_owned(), format!("{}::{}", link.target, link.path)]).collect()
}

fn folders(driver: &Driver, policy: &Policy) -> Vec<String> {
    links::folders(driver, policy).into_iter().flat_map(|folder| ["--folder".to_owned(), folder]).collect()
}

fn sonames(driver: &Driver, policy: &Policy) -> Vec<String> {
    sorted_libraries(driver, policy)
        .iter()
        .filter_map(|library| Some(format!("{}={}", library.soname.as_deref()?, library.file.container_path)))
        .flat_map(|pair| ["--library".to_owned(), pair])
        .collect()
}

fn host_driver_version(driver: &Driver) -> Option<String> {
    driver.version.as_ref().map(|version| format!("--host-driver-version={version}"))
}
