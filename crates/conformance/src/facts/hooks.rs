//! Hooks as what they do: several hooks of the original, or one fused hook, give the same facts.

use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a list of hooks does, is called, and gets as environment.
#[derive(Clone, Debug, Default)]
pub(super) struct Effects {
    /// What they do, one fact per effect.
    pub(super) done: BTreeSet<String>,
    /// Links that are made only in containers with the node that the link leads to: `(fact, node)`.
    pub(super) per_node: BTreeSet<(String, String)>,
    /// What the fused hook mounts, as it would stand in `config.json`.
    pub(super) mounts: Vec<Value>,
    /// Stage and path of the program.
    pub(super) programs: BTreeSet<String>,
    /// Variables in the hooks' environment.
    pub(super) environment: BTreeSet<String>,
}

impl Effects {
    /// Effects of one more hook.
    pub(super) fn add(&mut self, stage: &str, hook: &Value) {
        let path = hook.get("path").and_then(Value::as_str).unwrap_or_default();
        self.programs.insert(format!("{stage} {path}"));
        let environment = texts(hook.get("env"));
        self.environment.extend(if environment.is_empty() {
            vec!["(not given)".to_owned()]
        } else {
            environment
        });
        let arguments = texts(hook.get("args"));
        if !self.add_known(&arguments) {
            self.done.insert(format!("hook {stage} {path} {arguments:?}"));
        }
    }

    /// Effects, and the links of the nodes among `nodes`.
    pub(super) fn with_nodes(&self, nodes: &BTreeSet<String>) -> impl Iterator<Item = String> {
        let links = self.per_node.iter().filter(|(_, node)| nodes.contains(node));
        self.done
            .iter()
            .cloned()
            .chain(links.map(|(fact, _)| fact.clone()))
            .collect::<BTreeSet<_>>()
            .into_iter()
    }

    fn add_known(&mut self, arguments: &[String]) -> bool {
        let mut words = arguments.iter().skip(1).map(String::as_str).peekable();
        words.next_if_eq(&"hook");
        let name = words.next().unwrap_or_default();
        let options = options(words);
        let Some(facts) =
            options.iter().map(|(option, value)| fact(name, option, value)).collect::<Option<Vec<_>>>()
        else {
            return false;
        };
        for fact in facts {
            self.add_fact(fact);
        }
        match name {
            "disable-device-node-modification" => self.done.insert(MASK.to_owned()),
            "update-application-profile" => self.done.insert(PROFILE.to_owned()),
            "create-symlinks" | "update-ldcache" | "enable-cuda-compat" | "prepare-container" => true,
            _ => return false,
        };
        true
    }

    fn add_fact(&mut self, fact: Fact) {
        match fact {
            Fact::Done(text) => drop(self.done.insert(text)),
            Fact::PerNode(text, node) => drop(self.per_node.insert((text, node))),
            Fact::Mounted(mount) => self.mounts.push(mount),
            Fact::Nothing => {}
        }
    }
}

const MASK: &str = "mask driver parameters";
const PROFILE: &str = "write application profile";

enum Fact {
    Done(String),
    PerNode(String, String),
    Mounted(Value),
    Nothing,
}

/// What one option of one hook means; `None` when it is not known.
fn fact(hook: &str, option: &str, value: &str) -> Option<Fact> {
    let done = |text: String| Some(Fact::Done(text));
    match (hook, option) {
        ("create-symlinks" | "prepare-container", "--link") => done(format!("link {value}")),
        ("prepare-container", "--device-link") => {
            Some(Fact::PerNode(format!("link {value}"), destination(value)?))
        }
        ("update-ldcache" | "prepare-container", "--folder") => done(format!("loader folder {value}")),
        ("prepare-container", "--mount") => Some(Fact::Mounted(mount(value))),
        // Which names the folders' libraries have: the original reads them from the files.
        ("prepare-container", "--library") => Some(Fact::Nothing),
        ("prepare-container", "--loader-file") => done(format!("file for loaders {value}")),
        ("enable-cuda-compat" | "prepare-container", "--host-driver-version") => {
            done(format!("compat for driver {value}"))
        }
        ("prepare-container", "--disable-device-node-modification") => done(MASK.to_owned()),
        ("prepare-container", "--update-application-profile") => done(PROFILE.to_owned()),
        _ => None,
    }
}

/// `HOST[::CONTAINER[::OPTIONS]]`; the hook's mounts are recursive and private.
fn mount(text: &str) -> Value {
    let parts: Vec<&str> = text.splitn(3, "::").collect();
    let host = parts.first().copied().unwrap_or_default();
    let flags = parts.get(2).copied().unwrap_or("ro,nosuid,nodev");
    let options: Vec<&str> = flags.split(',').chain(["rbind", "rprivate"]).collect();
    json!({"destination": parts.get(1).copied().unwrap_or(host), "source": host, "options": options})
}

/// `--name value`, `--name=value` and `--name`.
fn options<'a>(words: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let mut words = words.peekable();
    let mut options = Vec::new();
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) if word.starts_with("--") && !name.contains(':') => (name, value),
            _ => (word, words.next_if(|next| !next.starts_with("--")).unwrap_or_default()),
        };
        options.push((name.to_owned(), value.to_owned()));
    }
    options
}

/// Where the link `TARGET::PATH` leads.
fn destination(link: &str) -> Option<String> {
    let (target, path) = link.split_once("::")?;
    let directory = path.rsplit_once('/')?.0;
    let joined = if target.starts_with('/') { target.to_owned() } else { format!("{directory}/{target}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

pub(super) fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effects(hooks: &[&[&str]], nodes: &[&str]) -> Vec<String> {
        let mut effects = Effects::default();
        for arguments in hooks {
            effects.add("createContainer", &json!({"path": "/h", "args": arguments}));
        }
        effects.with_nodes(&nodes.iter().map(|node| (*node).to_owned()).collect()).collect()
    }

    #[test]
    fn separate_hooks_and_the_fused_one_do_the_same() {
        let link = "../card0::/dev/dri/by-path/pci-0000:07:00.0-card";
        let separate: &[&[&str]] = &[
            &["nvidia-ctk", "hook", "create-symlinks", "--link", "a.1::/lib/a"],
            &["nvidia-cdi-hook", "enable-cuda-compat", "--host-driver-version=580.95.05"],
            &["nvidia-cdi-hook", "update-ldcache", "--folder", "/lib"],
            &["nvidia-cdi-hook", "disable-device-node-modification"],
            &["nvidia-cdi-hook", "update-application-profile"],
            &["nvidia-cdi-hook", "create-symlinks", "--link", link],
        ];
        let other = "../card1::/dev/dri/by-path/pci-0000:0f:00.0-card";
        let fused: &[&str] = &[
            "nvidia-cdi-hook",
            "prepare-container",
            "--link",
            "a.1::/lib/a",
            "--device-link",
            link,
            "--device-link",
            other,
            "--folder=/lib",
            "--library",
            "a.so=/lib/a.1",
            "--host-driver-version=580.95.05",
            "--disable-device-node-modification",
            "--update-application-profile",
        ];
        assert_eq!(effects(separate, &[]), effects(&[fused], &["/dev/dri/card0"]));
        assert_ne!(effects(separate, &[]), effects(&[fused], &[]));
        assert_ne!(effects(separate, &[]), effects(&separate[1..], &[]));
    }

    #[test]
    fn a_hook_of_somebody_else_is_a_fact_of_its_own() {
        assert_eq!(effects(&[&["x", "y"]], &[]), ["hook createContainer /h [\"x\", \"y\"]"]);
        let unknown = effects(&[&["nvidia-cdi-hook", "create-symlinks", "--new", "z"]], &[]);
        assert_eq!(unknown.len(), 1);
        assert!(unknown[0].starts_with("hook "), "{unknown:?}");
    }
}
