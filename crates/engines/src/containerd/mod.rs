//! containerd: a runtime of its CRI plugin. Configuration versions 2 and later get a drop-in of our
//! own and an import of it; version 1, which nothing can be imported into, is changed in place.

mod cri;
mod drop_in;
mod in_place;
mod sources;

use crate::toml_tree::{self, Node, Tree};
use crate::{Desired, Engine, Files, Installation, InstallationKind, Proposal, check_runtime, codes};
use diag::{Finding, Result, Severity};
use host::Host;
use sources::Sources;

/// containerd's line in the table of engines.
pub const ENGINE: Engine = Engine {
    name: "containerd",
    default_config: "/etc/containerd/config.toml",
    default_drop_in: Some("/etc/containerd/conf.d/99-nvidia.toml"),
    default_runtime_path: "/usr/bin/nvidia-container-runtime",
    cdi_switch: true,
    dump_commands: &[&["containerd", "config", "dump"]],
    detect,
    propose,
};

/// Where containerd is installed.
#[must_use]
pub fn detect(host: &Host) -> Vec<Installation> {
    let program = crate::installed(host, "containerd");
    if program.is_none() && !host.exists(ENGINE.default_config) {
        return Vec::new();
    }
    vec![Installation { kind: InstallationKind::System, config: ENGINE.default_config.to_owned(), program }]
}

/// The change that registers the runtime with the CRI plugin.
///
/// # Errors
/// A runtime name or path that containerd cannot use; files that cannot be read, are not TOML, or
/// hold something else where runtimes are registered.
pub fn propose(host: &Host, files: &Files<'_>, desired: &Desired) -> Result<Proposal> {
    check_runtime(desired)?;
    let mut sources = Sources::read(host, files)?;
    let version = sources.version()?;
    let mut findings = sources.take_findings();
    findings.extend(disabled(files.config, &sources.config_tree, version));
    let mut proposal = if version == 1 {
        in_place::propose(files, &sources, desired)?
    } else {
        findings.extend(overridden(&sources, version));
        drop_in::propose(files, &sources, desired, version)?
    };
    proposal.notes = vec![
        format!("Using config version {version}"),
        format!("Using CRI runtime plugin name \"{}\"", cri::plugin(version)),
    ];
    proposal.findings = findings;
    Ok(proposal)
}

/// Docker's package of containerd comes with the CRI plugin switched off.
fn disabled(path: &str, config: &Tree, version: i64) -> Option<Finding> {
    let Some(Node::Value(list)) = config.get("disabled_plugins") else { return None };
    let names = toml_tree::texts_of(list);
    let plugin = cri::plugin(version);
    let is_cri = |name: &&String| *name == "cri" || *name == plugin || *name == "io.containerd.grpc.v1.cri";
    let name = names.iter().find(is_cri)?;
    let message = format!(
        "{path}: disabled_plugins names `{name}`: Kubernetes and crictl see no runtime until it is taken out"
    );
    Some(Finding::new(codes::CRI_DISABLED, Severity::Warning, message))
}

/// Files that containerd reads after our drop-in and that have a CRI table of their own.
fn overridden(sources: &Sources, version: i64) -> Vec<Finding> {
    let plugin = cri::plugin(version);
    let has_cri = |tree: &Tree| matches!(toml_tree::table("", tree, &["plugins", plugin]), Ok(Some(_)));
    let message = |path: &str| {
        format!(
            "{path} is read after the drop-in and has a table of `{plugin}`: containerd before 2.1 then drops the drop-in's"
        )
    };
    let later = sources.later.iter().filter(|(_, tree)| has_cri(tree));
    later.map(|(path, _)| Finding::new(codes::OVERRIDDEN, Severity::Warning, message(path))).collect()
}

#[cfg(test)]
mod tests;
