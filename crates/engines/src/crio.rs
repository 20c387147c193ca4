//! CRI-O: a drop-in below `/etc/crio/crio.conf.d`, which CRI-O overlays key by key (`crio.conf.d(5)`).

use crate::detect::Daemon;
use crate::restart::Need;
use crate::toml_tree::{Node, Tree, table, table_mut};
use crate::{Desired, Engine, Files, Installation, Proposal, check_runtime, drop_in};
use diag::Result;
use host::Host;

/// CRI-O's line in the table of engines.
pub const ENGINE: Engine = Engine {
    name: "crio",
    default_config: "/etc/crio/crio.conf",
    default_drop_in: Some("/etc/crio/crio.conf.d/99-nvidia.toml"),
    default_runtime_path: "/usr/bin/nvidia-container-runtime",
    cdi_switch: false,
    dump_commands: &[&["crio", "status", "config"], &["crio-status", "config"]],
    daemon: Some(&DAEMON),
    detect,
    need: |_plan| Need::Restart,
    propose,
};

const DAEMON: Daemon = Daemon {
    program: "crio",
    rootless_script: "crio-rootless.sh",
    config_options: &["-c", "--config"],
    config: "crio/crio.conf",
    drop_in: Some("crio/crio.conf.d/99-nvidia.toml"),
    socket_options: &["--listen"],
    socket: "crio/crio.sock",
};

/// Where CRI-O is installed.
#[must_use]
pub fn detect(host: &Host) -> Vec<Installation> {
    DAEMON.find(host)
}

/// The drop-in that registers the runtime, with the options of the runtime that is used now.
///
/// # Errors
/// A runtime name or path that CRI-O cannot use, or files of it that cannot be read.
pub fn propose(host: &Host, files: &Files<'_>, desired: &Desired) -> Result<Proposal> {
    check_runtime(desired)?;
    let sources = drop_in::sources(host, files, "")?;
    let mut entry = inherited(files, &sources, desired)?;
    entry.insert("runtime_path".to_owned(), Node::text(&desired.runtime_path));
    entry.insert("runtime_type".to_owned(), Node::text("oci"));
    let mut wanted = Tree::new();
    let runtime = table_mut(&mut wanted, &["crio", "runtime"]);
    if desired.set_as_default {
        runtime.insert("default_runtime".to_owned(), Node::text(&desired.runtime_name));
    }
    table_mut(runtime, &["runtimes"]).insert(desired.runtime_name.clone(), Node::Table(entry));
    let title = format!("register runtime {} with crio in {}", desired.runtime_name, files.drop_in);
    drop_in::propose(host, files, title, &wanted)
}

/// The options of the default runtime, or else of runc or crun: what an administrator tuned there
/// shall hold for GPU containers as well. The file read last counts.
fn inherited(files: &Files<'_>, sources: &[Tree], desired: &Desired) -> Result<Tree> {
    let mut names = vec!["crun".to_owned(), "runc".to_owned()];
    let mut runtimes = Vec::new();
    for source in sources {
        let Some(runtime) = table(files.config, source, &["crio", "runtime"])? else { continue };
        let default = runtime.get("default_runtime").and_then(Node::as_text);
        let ours = |name: &String| name.starts_with("nvidia") || *name == desired.runtime_name;
        names.extend(default.filter(|name| !ours(name)));
        runtimes.extend(table(files.config, runtime, &["runtimes"])?);
    }
    let entry = |name: &String| {
        let of = |runtimes: &&Tree| match runtimes.get(name) {
            Some(Node::Table(entry)) if is_oci(entry) => Some(entry.clone()),
            _ => None,
        };
        runtimes.iter().rev().find_map(of)
    };
    Ok(names.iter().rev().find_map(entry).unwrap_or_default())
}

/// Whether an entry is for an OCI runtime and not for virtual machines, whose options mean nothing
/// to the shim.
fn is_oci(entry: &Tree) -> bool {
    entry.get("runtime_type").and_then(Node::as_text).is_none_or(|kind| kind.is_empty() || kind == "oci")
}
