//! The entries of runtimes in a node's configuration, and what keeps one from giving GPUs.

use super::{STANDARD_DIRECTORIES, look, program};
use host::Host;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use toml_edit::{Item, TableLike};

/// A runtime whose entry is there and does not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultyRuntime {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub fault: RuntimeFault,
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuntimeFault {
    /// Its program is none that can run containers.
    Program {
        /// The program.
        program: String,
        /// Why not.
        why: String,
    },
    /// It runs this low-level runtime itself, or names no program, which is runc: no GPU comes along.
    Plain(Option<String>),
    /// `runtime_type` is missing: containerd refuses the container.
    NoType,
    /// `runtime_type` is no name from which containerd can make that of a shim; it may be anything, and is
    /// not shown.
    UnknownType,
    /// The shim of this `runtime_type` went with an older containerd.
    TypeGone(String),
}

/// What the files say about one runtime, the later ones last.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) program: Option<String>,
    kind: Option<String>,
}

pub(super) type Entries = BTreeMap<String, Entry>;

/// Adds the table `runtimes`. `program`: the key of the program, in the entry or in its options.
pub(super) fn take(entries: &mut Entries, runtimes: &dyn TableLike, program: &str) {
    for (name, item) in runtimes.iter() {
        let Some(table) = item.as_table_like() else { continue };
        let text = |item: Option<&Item>| item.and_then(Item::as_str).map(str::to_owned);
        let options = table.get("options").and_then(Item::as_table_like);
        let path = text(table.get(program)).or_else(|| text(options?.get(program)));
        let entry = entries.entry(name.to_owned()).or_default();
        entry.program = path.or(entry.program.take());
        entry.kind = text(table.get("runtime_type")).or(entry.kind.take());
    }
}

/// Of the runtimes for GPUs. In a node with another kind of engine than containerd only the program is
/// looked at: CRI-O finds one by the runtime's name and has types of its own.
pub(super) fn faults(host: &Host, entries: &Entries, is_containerd: bool) -> Vec<FaultyRuntime> {
    let of_gpus = entries.iter().filter(|(name, _)| name.starts_with("nvidia"));
    let faulty = of_gpus.filter_map(|(name, entry)| {
        let fault = of_program(host, entry)
            .or_else(|| of_type(host, entry).filter(|_| is_containerd && name == "nvidia"))
            .or_else(|| plain(entry).filter(|_| is_containerd && name == "nvidia"))?;
        Some(FaultyRuntime { name: name.clone(), fault })
    });
    faulty.collect()
}

fn of_program(host: &Host, entry: &Entry) -> Option<RuntimeFault> {
    let program = entry.program.clone()?;
    let why = program::fault(host, &program, None)??;
    Some(RuntimeFault::Program { program, why })
}

/// Only the shims for runc take a program; without one they run the runc of their `PATH`.
fn plain(entry: &Entry) -> Option<RuntimeFault> {
    let is_runc = entry.kind.as_deref().is_some_and(|kind| kind.starts_with("io.containerd.runc."));
    let program = entry.program.as_deref().filter(|program| !program.is_empty());
    let name = program.map(|program| program.rsplit('/').next().unwrap_or_default());
    let is_low_level = name.is_none_or(|name| ["runc", "crun", "youki"].contains(&name));
    (is_runc && is_low_level).then(|| RuntimeFault::Plain(program.map(str::to_owned)))
}

/// containerd makes the name of the shim from the last two words of the type, or takes it for a path
/// (`resolveRuntimePath` in containerd's `core/runtime/v2/shim_manager.go`).
fn of_type(host: &Host, entry: &Entry) -> Option<RuntimeFault> {
    let Some(kind) = entry.kind.as_deref().filter(|kind| !kind.is_empty()) else {
        return Some(RuntimeFault::NoType);
    };
    if kind.starts_with('/') {
        return None;
    }
    if kind.contains('/') || !kind.contains('.') {
        return Some(RuntimeFault::UnknownType);
    }
    is_gone(host, kind).then(|| RuntimeFault::TypeGone(kind.to_owned()))
}

/// containerd 2.0 removed two kinds of shim. Where today's shim lies the old ones would lie too.
fn is_gone(host: &Host, kind: &str) -> bool {
    let shim = match kind {
        "io.containerd.runtime.v1.linux" => "containerd-shim",
        "io.containerd.runc.v1" => "containerd-shim-runc-v1",
        _ => return false,
    };
    let has = |directory: &str, name: &str| look::exists(host, &format!("{directory}/{name}"));
    let todays: Vec<&&str> = STANDARD_DIRECTORIES
        .iter()
        .filter(|directory| has(directory, "containerd-shim-runc-v2").is_ok_and(|found| found))
        .collect();
    !todays.is_empty() && todays.iter().all(|directory| has(directory, shim).is_ok_and(|found| !found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{NodeConfig, node};
    use host::HostMut;

    const V2: &str = "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes";
    const RUNC: &str = "io.containerd.runc.v2";
    const OPERATOR: &str = "/usr/local/nvidia/toolkit/nvidia-container-runtime";
    const NEW: &[&str] = &["/usr/bin/containerd-shim-runc-v2", "/usr/bin/nvidia-container-runtime"];
    const OLD: &[&str] = &["/usr/bin/containerd-shim-runc-v2", "/usr/bin/containerd-shim"];

    /// What is found in a containerd of these files and programs.
    fn found(files: &[(&str, String)], programs: &[&str]) -> (Vec<FaultyRuntime>, Vec<String>) {
        let root = tempfile::tempdir().unwrap();
        let host = HostMut::new(Host::at(root.path()), "/journal".to_owned());
        let write =
            |path: &str, text: &str, mode: u32| host.write_atomic(path, text.as_bytes(), mode).unwrap();
        files.iter().for_each(|(path, text)| write(path, text, 0o644));
        programs.iter().for_each(|path| write(path, "#!/bin/sh\n", 0o755));
        match node::read(&Host::at(root.path())).unwrap().unwrap().content {
            NodeConfig::Read { faults, quoted_version, .. } => (faults, quoted_version),
            other => unreachable!("{other:?}"),
        }
    }

    fn faults(entry: &str, programs: &[&str]) -> Vec<RuntimeFault> {
        let text = format!("version = 2\n{V2}.nvidia]\n{entry}");
        let (faults, _) = found(&[("/etc/containerd/config.toml", text)], programs);
        faults.into_iter().map(|faulty| faulty.fault).collect()
    }

    fn entry(kind: &str, program: &str) -> String {
        format!("runtime_type = \"{kind}\"\n{V2}.nvidia.options]\nBinaryName = \"{program}\"\n")
    }

    #[test]
    fn entries_that_do_not_do_are_found() {
        let program = |program: &str, why: &str| RuntimeFault::Program {
            program: program.to_owned(),
            why: why.to_owned(),
        };
        let hook = "/usr/bin/nvidia-container-runtime-hook";
        for (text, programs, fault) in [
            (entry(RUNC, hook), &[hook][..], program(hook, "it is the hook, not the runtime")),
            (
                entry(RUNC, "nvidia-ctk"),
                NEW,
                program("nvidia-ctk", "it is the toolkit's command line, not the runtime"),
            ),
            (format!("runtime_type = \"{RUNC}\"\n"), NEW, RuntimeFault::Plain(None)),
            (entry(RUNC, ""), NEW, RuntimeFault::Plain(None)),
            (entry(RUNC, "runc"), NEW, RuntimeFault::Plain(Some("runc".to_owned()))),
            (String::new(), NEW, RuntimeFault::NoType),
            (entry("", "/usr/bin/nvidia-container-runtime"), NEW, RuntimeFault::NoType),
            (entry("runc", "/usr/bin/nvidia-container-runtime"), NEW, RuntimeFault::UnknownType),
            (entry("bin/shim.v2", "/usr/bin/nvidia-container-runtime"), NEW, RuntimeFault::UnknownType),
            (
                entry("io.containerd.runtime.v1.linux", "/usr/bin/nvidia-container-runtime"),
                NEW,
                RuntimeFault::TypeGone("io.containerd.runtime.v1.linux".to_owned()),
            ),
        ] {
            assert_eq!(faults(&text, programs), [fault], "{text}");
        }
    }

    #[test]
    fn good_entries_are_let_be() {
        for (text, programs) in [
            (entry(RUNC, "/usr/bin/nvidia-container-runtime"), NEW),
            (entry(RUNC, "nvidia-container-runtime"), &[][..]),
            (entry(RUNC, OPERATOR), &[OPERATOR]),
            (entry("io.containerd.kata.v2", ""), NEW),
            (entry("/opt/shim", ""), NEW),
            // An older containerd, and one whose shims are who knows where.
            (entry("io.containerd.runtime.v1.linux", ""), OLD),
            (entry("io.containerd.runc.v1", "/usr/bin/nvidia-container-runtime"), &NEW[1..]),
        ] {
            assert_eq!(faults(&text, programs), [], "{text}");
        }
    }

    #[test]
    fn the_operators_runtimes_are_let_be() {
        let programs = ["", ".cdi", ".legacy"].map(|suffix| format!("{OPERATOR}{suffix}"));
        let tables = ["nvidia", "nvidia-cdi", "nvidia-legacy"].iter().zip(&programs).map(|(name, program)| {
            format!("{V2}.{name}]\nruntime_type = \"{RUNC}\"\n{V2}.{name}.options]\nBinaryName = \"{program}\"\n")
        });
        let text = format!("version = 2\n{}", tables.collect::<String>());
        let programs: Vec<&str> = programs.iter().map(String::as_str).collect();
        assert_eq!(found(&[("/etc/containerd/config.toml", text)], &programs), (Vec::new(), Vec::new()));
    }

    /// A drop-in may say only what it changes.
    #[test]
    fn files_are_taken_together() {
        let main = format!(
            "version = 2\nimports = [\"/etc/containerd/conf.d/*.toml\"]\n{V2}.nvidia]\nruntime_type = \"{RUNC}\"\n"
        );
        let drop_in = |version: &str| {
            format!(
                "version = {version}\n{V2}.nvidia.options]\nBinaryName = \"/usr/bin/nvidia-container-runtime\"\n"
            )
        };
        for (version, quoted) in [("2", vec![]), ("\"2\"", vec!["/etc/containerd/conf.d/99.toml".to_owned()])]
        {
            let files = [
                ("/etc/containerd/config.toml", main.clone()),
                ("/etc/containerd/conf.d/99.toml", drop_in(version)),
            ];
            assert_eq!(found(&files, NEW), (Vec::new(), quoted));
        }
    }
}
