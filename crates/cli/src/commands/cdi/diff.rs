//! `cdi diff`: what a specification would say if it were written now.

use super::generate;
use super::sources::{self, DIRECTORIES};
use crate::arguments::{Command, Flag, Parsed};
use crate::codes;
use crate::exit::Exit;
use crate::session::Session;
use cdi::{ContainerEdits, Format, Hook, Spec};
use diag::{Failure, Result, ResultExt};
use serde_json::json;
use std::collections::BTreeSet;

pub(super) const COMMAND: Command =
    Command::new("diff", "Shows what changed on this machine since a specification was written", diff)
        .arguments("[FILE]")
        .flags(&[Flag::switch("json", "Write the differences as JSON")]);

/// Names under which specifications of GPUs are usually written, and of other tools.
const USUAL: [&str; 4] = ["nvidia.yaml", "nvidia.json", "nvidia.yml.yaml", "nvidia-gpu.yaml"];

fn diff(session: &mut Session, parsed: &Parsed) -> Result<Exit> {
    let path = match parsed.rest.as_slice() {
        [] => usual(session)?,
        [path] => path.to_string_lossy().into_owned(),
        _ => return Err(Failure::coded(codes::BAD_ARGUMENT, "diff looks at one file at a time")),
    };
    let source = sources::read(session, std::slice::from_ref(&path))?.into_iter().next();
    let source = source.ok_or_else(|| Failure::new(format!("there is no specification in {path}")))?;
    let format = Format::of_path(&source.path).unwrap_or(Format::Yaml);
    let old = cdi::parse(&source.bytes, format).with_context(|| path.clone())?;
    let new = generate::make_like(session, &old).context("failed to look at the machine as it is now")?;
    let (gone, come) = differences(&old, &new);
    let fresh = gone.is_empty() && come.is_empty();
    if parsed.switch("json") {
        let document = json!({"schema": 1, "file": source.path, "fresh": fresh, "gone": gone, "new": come});
        session.out(&format!("{document:#}\n"));
    } else if fresh {
        session.info(&format!("{} fits the machine as it is now", source.path));
    } else {
        let lines = gone
            .iter()
            .map(|line| format!("- {line}\n"))
            .chain(come.iter().map(|line| format!("+ {line}\n")));
        session.out(&lines.collect::<String>());
        session.warn(&format!(
            "{} is stale ({}); `longshore cdi refresh` writes it anew",
            source.path,
            cdi::codes::STALE
        ));
    }
    Ok(if fresh { Exit::Well } else { Exit::Failed })
}

fn usual(session: &Session) -> Result<String> {
    let places =
        DIRECTORIES.iter().rev().flat_map(|folder| USUAL.iter().map(move |name| format!("{folder}/{name}")));
    places.into_iter().find(|path| session.host.exists(path)).ok_or_else(|| {
        Failure::new(format!("there is no {} in {}", USUAL[0], DIRECTORIES.join(" or ")))
            .hint("name the file, or write one with `longshore cdi refresh`")
    })
}

/// What only the old and what only the new specification says, as sorted lines.
fn differences(old: &Spec, new: &Spec) -> (Vec<String>, Vec<String>) {
    // Numbers that the specification leaves to the engine cannot be stale.
    let numbered = facts(old).iter().any(|fact| fact.contains(": node ") && fact.contains(" is "));
    let (old, new) = (facts(old), facts(new));
    let plain = |facts: BTreeSet<String>| -> BTreeSet<String> {
        if numbered {
            return facts;
        }
        let cut = |fact: String| match fact.split_once(": node ") {
            Some((_, rest)) => {
                fact.split(" is ").next().filter(|_| rest.contains(" is ")).unwrap_or(&fact).to_owned()
            }
            None => fact,
        };
        facts.into_iter().map(cut).collect()
    };
    let (old, new) = (plain(old), plain(new));
    (old.difference(&new).cloned().collect(), new.difference(&old).cloned().collect())
}

fn facts(spec: &Spec) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    of_edits("all containers", &spec.container_edits, &mut facts);
    for device in &spec.devices {
        facts.insert(format!("device {}", device.name));
        of_edits(&format!("device {}", device.name), &device.container_edits, &mut facts);
    }
    facts
}

fn of_edits(place: &str, edits: &ContainerEdits, facts: &mut BTreeSet<String>) {
    let mut add = |fact: String| facts.insert(format!("{place}: {fact}"));
    for env in &edits.env {
        add(format!("environment {env}"));
    }
    for node in &edits.device_nodes {
        let path = node.host_path.as_ref().unwrap_or(&node.path);
        let numbers =
            if node.major == 0 { String::new() } else { format!(" is {}:{}", node.major, node.minor) };
        add(format!("node {path}{numbers}"));
    }
    for mount in &edits.mounts {
        add(format!("mount {}", mount.host_path));
    }
    for gid in &edits.additional_gids {
        add(format!("group {gid}"));
    }
    for fact in edits.hooks.iter().flat_map(of_hook) {
        add(fact);
    }
}

/// The fused hook is ours and tells of everything that it does; of other hooks, which differ between
/// tools, only the driver's version counts.
fn of_hook(hook: &Hook) -> Vec<String> {
    let fused = hook.args.iter().take(3).any(|word| word == "prepare-container");
    if !fused {
        let version = hook.args.iter().filter(|word| word.starts_with("--host-driver-version="));
        return version.map(|word| format!("hook {word}")).collect();
    }
    let after = hook.args.iter().skip_while(|word| *word != "prepare-container").skip(1);
    let mut facts: Vec<String> = Vec::new();
    for word in after {
        match facts.last_mut().filter(|_| !word.starts_with("--")) {
            Some(last) => last.push_str(&format!(" {word}")),
            None => facts.push(format!("hook {word}")),
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdi::{Device, DeviceNode};

    fn spec(major: i64, library: &str) -> Spec {
        let node = DeviceNode { path: "/dev/nvidia0".into(), major, ..DeviceNode::default() };
        let words = ["nvidia-cdi-hook", "prepare-container", "--folder", "/lib", library];
        Spec {
            devices: vec![Device {
                name: "0".into(),
                container_edits: ContainerEdits { device_nodes: vec![node], ..ContainerEdits::default() },
                ..Device::default()
            }],
            container_edits: ContainerEdits {
                hooks: vec![Hook { args: words.map(str::to_owned).to_vec(), ..Hook::default() }],
                ..ContainerEdits::default()
            },
            ..Spec::default()
        }
    }

    #[test]
    fn differences_are_lines_of_either_side() {
        let none: (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        assert_eq!(differences(&spec(195, "--x"), &spec(195, "--x")), none);
        assert_eq!(
            differences(&spec(195, "--host-driver-version=1"), &spec(234, "--host-driver-version=2")),
            (
                vec![
                    "all containers: hook --host-driver-version=1".to_owned(),
                    "device 0: node /dev/nvidia0 is 195:0".to_owned()
                ],
                vec![
                    "all containers: hook --host-driver-version=2".to_owned(),
                    "device 0: node /dev/nvidia0 is 234:0".to_owned()
                ]
            )
        );
        // A specification without numbers has none that could be wrong.
        assert_eq!(differences(&spec(0, "--x"), &spec(234, "--x")), none);
    }
}
