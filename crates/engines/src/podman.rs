//! Podman: a drop-in below `/etc/containers/containers.conf.d` (`containers.conf(5)`). CDI needs no
//! configuration; the drop-in is for `podman run --runtime=nvidia`.

use crate::detect;
use crate::restart::Need;
use crate::toml_tree::{Node, Tree, table_mut};
use crate::{Desired, Engine, Files, Installation, InstallationKind, Proposal, check_runtime, drop_in};
use diag::Result;
use host::Host;

/// Podman's line in the table of engines.
pub const ENGINE: Engine = Engine {
    name: "podman",
    default_config: "/etc/containers/containers.conf",
    default_drop_in: Some("/etc/containers/containers.conf.d/99-nvidia.conf"),
    default_runtime_path: "/usr/bin/nvidia-container-runtime",
    cdi_switch: false,
    dump_commands: &[],
    daemon: None,
    detect,
    need: |_plan| Need::Nothing,
    propose,
};

/// Where Podman is installed.
#[must_use]
pub fn detect(host: &Host) -> Vec<Installation> {
    let program = crate::installed(host, "podman");
    let system = |program: String| Installation {
        drop_in: ENGINE.default_drop_in.map(str::to_owned),
        program: Some(program.clone()),
        ..detect::trace(InstallationKind::System, ENGINE.default_config, &program)
    };
    let mut found: Vec<Installation> = program.map(system).into_iter().collect();
    if let Some(folder) = detect::user_folder(host) {
        let machine = format!("{folder}/containers/podman/machine");
        if host.list_optional(&machine).is_ok_and(|entries| entries.is_some_and(|list| !list.is_empty())) {
            found.push(detect::trace(InstallationKind::Machine, ENGINE.default_config, &machine));
        }
    }
    found
}

/// The files of a user, which Podman reads when that user runs it.
pub(crate) fn rootless(host: &Host) -> Option<Installation> {
    let folder = detect::user_folder(host)? + "/containers/containers.conf";
    Some(Installation {
        drop_in: Some(format!("{folder}.d/99-nvidia.conf")),
        program: crate::installed(host, "podman"),
        ..detect::trace(InstallationKind::Rootless, &folder, "podman of the user")
    })
}

/// The drop-in that registers the runtime.
///
/// # Errors
/// A runtime name or path that Podman cannot use, or files of it that are not TOML.
pub fn propose(host: &Host, files: &Files<'_>, desired: &Desired) -> Result<Proposal> {
    check_runtime(desired)?;
    drop_in::sources(host, files, ".conf")?;
    let mut wanted = Tree::new();
    let engine = table_mut(&mut wanted, &["engine"]);
    if desired.set_as_default {
        engine.insert("runtime".to_owned(), Node::text(&desired.runtime_name));
    }
    let paths = Node::texts(&[&desired.runtime_path]);
    table_mut(engine, &["runtimes"]).insert(desired.runtime_name.clone(), paths);
    let title = format!("register runtime {} with podman in {}", desired.runtime_name, files.drop_in);
    drop_in::propose(host, files, title, &wanted)
}
