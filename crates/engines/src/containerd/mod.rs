//! containerd: a runtime of its CRI plugin. Configuration versions 2 and later get a drop-in of our
//! own and an import of it; version 1, which nothing can be imported into, is changed in place.

mod cri;
mod drop_in;
mod in_place;
mod sources;

use crate::detect::{self, Daemon};
use crate::restart::Need;
use crate::toml_tree::{self, Node, Tree};
use crate::{
    Desired, Engine, Files, Installation, InstallationKind, Proposal, Release, check_runtime, codes, rancher,
};
use diag::{Failure, Finding, Result, Severity};
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
    daemon: Some(&DAEMON),
    detect,
    need: |_plan| Need::Restart,
    propose,
};

const DAEMON: Daemon = Daemon {
    program: "containerd",
    rootless_script: "containerd-rootless.sh",
    config_options: &["-c", "--config"],
    config: "containerd/config.toml",
    drop_in: Some("containerd/conf.d/99-nvidia.toml"),
    socket_options: &["-a", "--address"],
    socket: "containerd/containerd.sock",
};

/// Where containerd is installed, also inside k3s, RKE2 and MicroK8s.
#[must_use]
pub fn detect(host: &Host) -> Vec<Installation> {
    let mut found = DAEMON.find(host);
    found.extend(rancher::installations(host));
    let snap = "/var/snap/microk8s/current/args/containerd-template.toml";
    if host.exists(snap) {
        found.push(detect::trace(InstallationKind::Microk8s, snap, snap));
    }
    found
}

/// The change that registers the runtime with the CRI plugin.
///
/// # Errors
/// A runtime name or path that containerd cannot use; files that cannot be read, are not TOML, or
/// hold something else where runtimes are registered.
pub fn propose(host: &Host, files: &Files<'_>, desired: &Desired) -> Result<Proposal> {
    if let Some(engine) = rancher::of_template(files.config) {
        return (engine.propose)(host, files, desired);
    }
    check_runtime(desired)?;
    refuse_generated(files.config)?;
    let mut sources = Sources::read(host, files)?;
    let version = sources.version()?;
    let mut findings = sources.take_findings();
    findings.extend(disabled(files.config, &sources.config_tree, version));
    let mut proposal = if version == 1 {
        in_place::propose(files, &sources, desired)?
    } else {
        findings.extend(overridden(&sources, files.release, version));
        drop_in::propose(files, &sources, desired, version)?
    };
    proposal.notes = vec![
        format!("Using config version {version}"),
        format!("Using CRI runtime plugin name \"{}\"", cri::plugin(version)),
    ];
    proposal.findings = findings;
    Ok(proposal)
}

/// What k3s and RKE2 write at every start is not the file to change.
fn refuse_generated(config: &str) -> Result<()> {
    if !rancher::is_generated(config) {
        return Ok(());
    }
    let message = format!("{config} is written anew at every start of the node: a change would be lost");
    Err(Failure::coded(codes::GENERATED_FILE, message)
        .hint(format!("--config={config}.tmpl changes its template")))
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
fn overridden(sources: &Sources, release: Option<Release>, version: i64) -> Vec<Finding> {
    if release.is_some_and(|release| release >= drop_in::MERGES_TABLES) {
        return Vec::new();
    }
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
