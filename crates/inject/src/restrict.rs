//! Edits out of specifications, cut down to the driver capabilities that a container asks for.

use crate::{Capabilities, links};
use cdi::{ContainerEdits, Hook};
use driver::families::{self, Family};

/// Takes out of the edits what belongs to other driver capabilities than these: mounts, what hooks do
/// with those files, nodes that only graphics or compute need. What is no file of the driver stays.
pub fn restrict(edits: &mut ContainerEdits, capabilities: &Capabilities) {
    let is_unwanted = |path: &str| {
        let name = links::base_name(path);
        let (family, has) = match name.contains(".so") && !path.contains("/xorg/") {
            true => {
                let family = families::of_library(name);
                (family, capabilities.has_library(name, family))
            }
            false => {
                let family = of_other(path, name);
                (family, capabilities.has(family))
            }
        };
        family != Family::Other && !has
    };
    edits.mounts.retain(|mount| !is_unwanted(&mount.container_path));
    edits.device_nodes.retain(|node| !is_unwanted(&node.path));
    edits.hooks.iter_mut().for_each(|hook| without(hook, &is_unwanted));
    edits.hooks.retain(|hook| !is_empty(hook));
}

/// The family of a program, a configuration file or a node.
fn of_other(path: &str, name: &str) -> Family {
    const GRAPHICS: &[&str] = &["/vulkan/", "/egl/", "/glvnd/", "/X11/", "/xorg/", "/nvidia/nvoptix.bin"];
    match name {
        "nvidia-uvm" | "nvidia-uvm-tools" => Family::Compute,
        "nvidia-modeset" => Family::Graphics,
        _ if path.starts_with("/dev/dri/") || GRAPHICS.iter().any(|part| path.contains(part)) => {
            Family::Graphics
        }
        _ if path.contains("/OpenCL/") => Family::Compute,
        _ => families::of_binary(name),
    }
}

/// Drops the pairs of arguments that speak of an unwanted file: `--link TARGET::PATH`,
/// `--library SONAME=PATH`.
fn without(hook: &mut Hook, is_unwanted: &impl Fn(&str) -> bool) {
    let mut kept: Vec<String> = Vec::new();
    for argument in std::mem::take(&mut hook.args) {
        let speaks_of = match kept.last().map(String::as_str) {
            Some("--link" | "--device-link") => argument.split_once("::"),
            Some("--library") => argument.split_once('='),
            _ => None,
        };
        match speaks_of {
            Some((a, b)) if is_unwanted(a) || is_unwanted(b) => drop(kept.pop()),
            _ => kept.push(argument),
        }
    }
    hook.args = kept;
}

/// A hook for links that has none left.
fn is_empty(hook: &Hook) -> bool {
    hook.args.last().is_some_and(|last| last == "create-symlinks")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ask, HookStyle, Policy, SpecOptions, spec};
    use std::collections::BTreeSet;

    #[test]
    fn a_specification_cut_down_is_one_made_for_these_capabilities() {
        let text = include_str!("../../../fixtures/drivers/conformance.json");
        let driver: driver::Driver = serde_json::from_str(text).expect("a driver");
        for families in [
            &[Family::Compute, Family::Utility] as &[Family],
            &[Family::Utility],
            &[Family::Graphics],
            &[Family::Compute, Family::Video, Family::Graphics, Family::Display],
        ] {
            let families: BTreeSet<Family> = families.iter().copied().collect();
            let wanted = Capabilities { families, compat32: false };
            for style in [HookStyle::Fused, HookStyle::Separate] {
                let options = |capabilities| {
                    let policy = Policy { capabilities, hook_style: style, ..Policy::new("/h") };
                    SpecOptions { devices: Ask::of_list(["1"]), ..SpecOptions::new(policy) }
                };
                let made = spec(&driver, &options(Some(wanted.clone()))).expect("a specification");
                let mut cut = spec(&driver, &options(None)).expect("a specification").container_edits;
                restrict(&mut cut, &wanted);
                let paths = |edits: &ContainerEdits| -> BTreeSet<String> {
                    let mounts = edits.mounts.iter().map(|mount| mount.container_path.clone());
                    mounts.chain(edits.device_nodes.iter().map(|node| node.path.clone())).collect()
                };
                let made = paths(&made.container_edits);
                let other = |path: &String| {
                    let name = links::base_name(path);
                    name.contains(".so")
                        && families::of_library(name) == Family::Other
                        && !path.contains("/xorg/")
                };
                let left: Vec<String> =
                    paths(&cut).difference(&made).filter(|path| !other(path)).cloned().collect();
                let lost: Vec<String> = made.difference(&paths(&cut)).cloned().collect();
                assert_eq!((left, lost), (Vec::<String>::new(), Vec::new()), "{wanted:?} {style:?}");
                let graphics = wanted.has(Family::Graphics);
                let named =
                    cut.hooks.iter().flat_map(|hook| &hook.args).any(|arg| arg.contains("libEGL_nvidia"));
                assert!(graphics || !named, "{:?}", cut.hooks);
            }
        }
    }
}
