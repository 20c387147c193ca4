//! Docker: `daemon.json`.

pub mod api;
mod document;
mod splice;

use crate::detect::{self, Daemon};
use crate::restart::Need;
use crate::{Desired, Engine, Installation, InstallationKind, Proposal, ProposedFile, codes};
use diag::{Failure, Finding, Result};
use document::Document;
use host::Host;
use plan::{Applicability, Plan, Step};

/// Docker's line in the table of engines.
pub const ENGINE: Engine = Engine {
    name: "docker",
    default_config: "/etc/docker/daemon.json",
    default_drop_in: None,
    default_runtime_path: "nvidia-container-runtime",
    cdi_switch: true,
    dump_commands: &[],
    daemon: Some(&DAEMON),
    detect,
    need,
    propose: |host, files, desired| propose(&read(host, files.config)?, desired),
};

/// What a `daemon.json` says, as far as GPUs are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Path of the file.
    pub path: String,
    /// Registered runtimes in the file's order, with their paths (`None`: registered by
    /// `runtimeType`).
    pub runtimes: Vec<(String, Option<String>)>,
    /// `default-runtime`.
    pub default_runtime: Option<String>,
    /// `features.cdi`.
    pub cdi: Option<bool>,
    /// What was noticed on the way.
    pub findings: Vec<Finding>,
    bytes: Option<Vec<u8>>,
}

impl State {
    /// Whether the file exists.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.bytes.is_some()
    }

    /// Whether a runtime of that name is registered.
    #[must_use]
    pub fn has_runtime(&self, name: &str) -> bool {
        self.runtimes.iter().any(|(registered, _)| registered == name)
    }
}

const DAEMON: Daemon = Daemon {
    program: "dockerd",
    rootless_script: "dockerd-rootless.sh",
    config_options: &["--config-file"],
    config: "docker/daemon.json",
    drop_in: None,
    socket_options: &["-H", "--host"],
    socket: "docker.sock",
};

/// Where Docker is installed. The configuration of a rootless daemon counts as an installation
/// where its unit or its file exists (moby, `cmd/dockerd/config.go`).
#[must_use]
pub fn detect(host: &Host) -> Vec<Installation> {
    let mut found = DAEMON.find(host);
    for installation in &mut found {
        let addresses = hosts(host, &installation.config);
        if !addresses.is_empty() {
            installation.socket = detect::socket(&addresses, "/run/docker.sock");
        }
    }
    let snap = "/snap/docker/current/bin/dockerd";
    if host.exists(snap) {
        let config = "/var/snap/docker/current/config/daemon.json";
        found.push(detect::trace(InstallationKind::Snap, config, snap));
    }
    let home = host.environment().get("HOME").unwrap_or("/root").to_owned();
    let desktop = ["/opt/docker-desktop".to_owned(), format!("{home}/.docker/desktop")];
    if let Some(folder) = desktop.iter().find(|folder| folder.starts_with('/') && host.exists(folder)) {
        found.push(detect::trace(InstallationKind::Desktop, &format!("{home}/.docker/daemon.json"), folder));
    }
    found
}

/// Where a `daemon.json` says that the daemon listens; nothing for a file that cannot be read.
fn hosts(host: &Host, path: &str) -> Vec<String> {
    let bytes = host.read_optional(path).ok().flatten().unwrap_or_default();
    Document::parse(path, &bytes).and_then(|document| document.hosts()).unwrap_or_default()
}

/// Reads a `daemon.json`. A file that does not exist, or is empty, says nothing.
///
/// # Errors
/// The file cannot be read, is not JSON (with line and column), or has values of the wrong kind
/// where runtimes are registered. Comments and trailing commas are let pass with a finding.
pub fn read(host: &Host, path: &str) -> Result<State> {
    let bytes = host.read_optional(path)?;
    let document = Document::parse(path, bytes.as_deref().unwrap_or_default())?;
    Ok(State {
        path: path.to_owned(),
        runtimes: document.runtimes()?,
        default_runtime: document.default_runtime()?,
        cdi: document.cdi()?,
        findings: document.findings(),
        bytes,
    })
}

/// The plan that makes the file say what is wanted; empty when it already does. Everything else in
/// the file keeps its place, form and comments.
///
/// # Errors
/// As [`read`], or a runtime name or path that Docker cannot use.
pub fn plan(state: &State, desired: &Desired) -> Result<Plan> {
    Ok(propose(state, desired)?.plan)
}

fn propose(state: &State, desired: &Desired) -> Result<Proposal> {
    check(desired)?;
    let before = state.bytes.as_deref().unwrap_or_default();
    let document = Document::parse(&state.path, before)?;
    let after = document.with(desired)?;
    let title = format!("register runtime {} with docker in {}", desired.runtime_name, state.path);
    let mut plan = Plan::new(title, Applicability::Safe);
    if after != before {
        let step = Step::Write {
            path: state.path.clone(),
            before: state.bytes.clone(),
            after: after.clone(),
            mode: 0o644,
        };
        plan = plan.step(step);
    }
    let text = String::from_utf8_lossy(&after).into_owned();
    let files = vec![ProposedFile { title: None, path: state.path.clone(), text }];
    Ok(Proposal { plan, files, exists: state.exists(), notes: Vec::new(), findings: state.findings.clone() })
}

/// A signal is enough to add runtimes and to change the default; features are read at the start only.
fn need(plan: &Plan) -> Need {
    let cdi =
        |path: &str, bytes: &[u8]| Document::parse(path, bytes).and_then(|document| document.cdi()).ok();
    let reloads = |step: &Step| match step {
        Step::Write { path, before, after, .. } => {
            cdi(path, before.as_deref().unwrap_or_default()) == cdi(path, after)
        }
        _ => true,
    };
    if plan.steps.iter().all(reloads) { Need::Reload } else { Need::Restart }
}

/// What Docker demands of a runtime: moby reserves `runc` and every name that begins like a shim.
fn check(desired: &Desired) -> Result<()> {
    let Desired { runtime_name: name, runtime_path: path, .. } = desired;
    let problem = if name.is_empty() || name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        format!("runtime name {name:?} is empty or has blanks")
    } else if name == "runc" || name.starts_with("io.containerd.") {
        format!("runtime name `{name}` is reserved by docker")
    } else if path.is_empty() || path.chars().any(char::is_control) {
        format!("runtime path {path:?} is empty or has control characters")
    } else {
        return Ok(());
    };
    Err(Failure::coded(codes::BAD_RUNTIME, problem))
}

#[cfg(test)]
mod tests;
