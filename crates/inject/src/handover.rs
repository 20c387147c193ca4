//! Which mounts the fused hook makes, in place of the OCI runtime.
//!
//! The hook mounts by descriptor, at a fraction of what a mount in `config.json` costs under runc.
//! What it mounts comes after all mounts of `config.json`; so a mount stays there if one of the
//! container's own lies at or below its path and would be hidden.

use cdi::{ContainerEdits, Hook, Mount};

/// Of a mount that the hook can make: always recursive and private.
const NEEDED: &[&str] = &["rbind", "rprivate"];
/// What it can have besides.
const FLAGS: &[&str] = &["ro", "nosuid", "nodev", "noexec"];
/// The flags that the hook takes without saying.
const USUAL: &str = "ro,nosuid,nodev";

/// Hands the mounts of `edits` over to their fused hook, as far as that changes nothing for the mounts
/// that the container has already; without that hook all stay. `is_ours` says whether the program at a
/// path is known to understand.
pub fn mounts_to_hook(edits: &mut ContainerEdits, present: &[oci::Mount], is_ours: impl Fn(&str) -> bool) {
    let Some(hook) = edits.hooks.iter_mut().find(|hook| is_fused(hook) && is_ours(&hook.path)) else {
        return;
    };
    let mut kept: Vec<String> = present.iter().map(|mount| mount.destination.clone()).collect();
    let (mut staying, mut arguments) = (Vec::new(), Vec::new());
    // Sorted by depth: from behind, what stays is known before the folders that would hide it.
    for mount in std::mem::take(&mut edits.mounts).into_iter().rev() {
        let hides = kept.iter().any(|path| is_at_or_below(path, &mount.container_path));
        match argument(&mount).filter(|_| !hides) {
            Some(argument) => arguments.push(argument),
            None => {
                kept.push(mount.container_path.clone());
                staying.push(mount);
            }
        }
    }
    hook.args.extend(arguments.into_iter().rev());
    edits.mounts = staying.into_iter().rev().collect();
}

fn is_fused(hook: &Hook) -> bool {
    hook.hook_name == "createContainer" && hook.args.iter().take(3).any(|arg| arg == "prepare-container")
}

/// The hook's argument for a mount; `None` for one that it cannot make.
fn argument(mount: &Mount) -> Option<String> {
    let (host, container) = (&mount.host_path, &mount.container_path);
    let has = |option: &&&str| mount.options.iter().any(|found| found == **option);
    let is_known = |option: &String| [NEEDED, FLAGS].concat().contains(&option.as_str());
    let is_path = |path: &String| path.starts_with('/') && !path.contains("::");
    if mount.type_.as_ref().is_some_and(|kind| !matches!(kind.as_str(), "" | "bind"))
        || !NEEDED.iter().all(|option| has(&option))
        || !mount.options.iter().all(is_known)
        || !is_path(host)
        || !is_path(container)
    {
        return None;
    }
    let flags: Vec<&str> = FLAGS.iter().filter(has).copied().collect();
    match flags.join(",").as_str() {
        "" => None,
        USUAL if host == container => Some(format!("--mount={host}")),
        USUAL => Some(format!("--mount={host}::{container}")),
        flags => Some(format!("--mount={host}::{container}::{flags}")),
    }
}

/// Whether `path` is `above` or lies below it. `/lib` and `/usr/lib` are the same folder in most images.
fn is_at_or_below(path: &str, above: &str) -> bool {
    let (path, above) = (plain(path), plain(above));
    path.strip_prefix(above.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn plain(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let parts = parts.strip_prefix(&["usr"]).unwrap_or(&parts);
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "ro,nosuid,nodev,rbind,rprivate";

    fn mount(host: &str, container: &str, options: &str) -> Mount {
        Mount {
            host_path: host.to_owned(),
            container_path: container.to_owned(),
            options: options.split(',').map(str::to_owned).collect(),
            type_: None,
        }
    }

    fn edits(mounts: Vec<Mount>, arguments: &[&str]) -> ContainerEdits {
        let hook = Hook {
            hook_name: "createContainer".into(),
            path: "/h".into(),
            args: arguments.iter().map(|arg| (*arg).to_owned()).collect(),
            ..Hook::default()
        };
        ContainerEdits { mounts, hooks: vec![hook], ..ContainerEdits::default() }
    }

    fn handed_over(mounts: Vec<Mount>, present: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut edits = edits(mounts, &["h", "prepare-container"]);
        let present: Vec<oci::Mount> = present
            .iter()
            .map(|path| oci::Mount {
                destination: (*path).to_owned(),
                kind: None,
                source: None,
                options: Vec::new(),
            })
            .collect();
        mounts_to_hook(&mut edits, &present, |path| path == "/h");
        let staying = edits.mounts.iter().map(|mount| mount.container_path.clone()).collect();
        (edits.hooks[0].args[2..].to_vec(), staying)
    }

    #[test]
    fn mounts_become_arguments_in_their_order() {
        let mounts = vec![
            mount("/bin/s", "/bin/s", FILE),
            mount("/drv/lib/a", "/lib/a", FILE),
            mount("/run/p/s", "/run/p/s", "nosuid,nodev,rbind,rprivate,noexec"),
        ];
        let arguments = [
            "--mount=/bin/s",
            "--mount=/drv/lib/a::/lib/a",
            "--mount=/run/p/s::/run/p/s::nosuid,nodev,noexec",
        ];
        assert_eq!(
            handed_over(mounts, &["/proc", "/bin", "/lib/ab"]),
            (arguments.map(str::to_owned).to_vec(), vec![])
        );
    }

    #[test]
    fn what_the_hook_cannot_make_stays() {
        for one in [
            mount("/a", "/a", "ro,rbind"),
            mount("/a", "/a", "ro,bind,rprivate"),
            mount("/a", "/a", "ro,rbind,rprivate,relatime"),
            mount("/a", "/a", "rbind,rprivate"),
            mount("/a::b", "/a", FILE),
            mount("tmpfs", "/a", FILE),
            Mount { type_: Some("tmpfs".into()), ..mount("/t", "/a", FILE) },
        ] {
            assert_eq!(handed_over(vec![one.clone()], &[]), (vec![], vec!["/a".to_owned()]), "{one:?}");
        }
    }

    #[test]
    fn what_would_hide_a_mount_of_the_container_stays() {
        let table: &[(&str, &[&str])] = &[
            ("/usr/lib/a", &["/usr/lib/a"]),
            ("/usr/lib/a", &["/lib/a/"]),
            ("/lib/firmware", &["/usr/lib//firmware/own"]),
        ];
        for (path, present) in table {
            assert_eq!(handed_over(vec![mount(path, path, FILE)], present).1, [*path], "{present:?}");
        }
        let nested = vec![mount("/d", "/d", FILE), mount("/d/x", "/d/x", FILE), mount("/d/y", "/d/y", FILE)];
        let (arguments, staying) = handed_over(nested, &["/d/x"]);
        assert_eq!((arguments, staying), (vec!["--mount=/d/y".to_owned()], vec!["/d".into(), "/d/x".into()]));
    }

    #[test]
    fn without_our_fused_hook_nothing_is_handed_over() {
        for (arguments, is_ours) in [(["h", "create-symlinks"], true), (["h", "prepare-container"], false)] {
            let mut edits = edits(vec![mount("/a", "/a", FILE)], &arguments);
            mounts_to_hook(&mut edits, &[], |_| is_ours);
            assert_eq!((edits.mounts.len(), edits.hooks[0].args.len()), (1, 2));
        }
    }
}
