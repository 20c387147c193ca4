//! The live specification: device nodes and one hook that takes the driver's files from the machine at
//! the start of each container.

use super::options::Options;
use crate::codes;
use cdi::{ContainerEdits, Hook, Spec};
use diag::{Failure, Result};

/// The hook, as `nvidia-cdi-hook` knows it.
pub(in super::super) const HOOK: &str = "provide-driver";

/// Whether the hook can do what is asked for.
///
/// # Errors
/// An option that only a written-out specification can follow.
pub(super) fn check(options: &Options) -> Result<()> {
    let places = &options.places;
    let wrong = if options.special.is_some() {
        Some("--mode: only GPUs can be live")
    } else if !places.config_search_paths.is_empty() || !places.library_search_paths.is_empty() {
        Some("search paths: the hook looks in the usual places")
    } else if program(options) == "nvidia-ctk" {
        Some("nvidia-ctk as the hook's program: only nvidia-cdi-hook knows the driver")
    } else {
        None
    };
    let failure = |what| Failure::coded(codes::BAD_VALUE, format!("--live does not go with {what}"));
    wrong.map_or(Ok(()), |what| Err(failure(what)))
}

/// Takes files and numbers out: the hook brings the files, the engine looks up the numbers.
pub(super) fn enliven(spec: &mut Spec, options: &Options) {
    for device in &mut spec.devices {
        strip(&mut device.container_edits);
    }
    strip(&mut spec.container_edits);
    spec.container_edits.hooks = vec![hook(options)];
    spec.cdi_version = spec.minimum_version().to_owned();
}

fn strip(edits: &mut ContainerEdits) {
    edits.mounts.clear();
    // What opens a directory of nodes is no work on files.
    edits.hooks.retain(|hook| hook.args.iter().any(|argument| argument == "chmod"));
    for node in &mut edits.device_nodes {
        (node.major, node.minor) = (0, 0);
    }
}

fn hook(options: &Options) -> Hook {
    let policy = &options.spec.policy;
    let mut args = vec![program(options).to_owned(), HOOK.to_owned()];
    for (flag, root) in [("driver-root", &options.places.driver_root), ("dev-root", &options.places.dev_root)]
    {
        if root != "/" {
            args.push(format!("--{flag}={root}"));
        }
    }
    let disabled = policy.disabled_hooks.iter().filter(|name| !policy.enabled_hooks.contains(name));
    args.extend(disabled.map(|name| format!("--disable-hook={name}")));
    Hook {
        hook_name: "createContainer".to_owned(),
        path: policy.hook_path.clone(),
        args,
        // Never empty: without it a hook would inherit the environment of the image's process.
        env: vec!["NVIDIA_CTK_DEBUG=false".to_owned()],
        timeout: None,
    }
}

fn program(options: &Options) -> &str {
    options.spec.policy.hook_path.rsplit('/').next().unwrap_or_default()
}
