//! Docker: `daemon.json`.

mod document;

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
    detect,
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

/// Where Docker is installed. The configuration of a rootless daemon counts as an installation
/// only where its file exists.
#[must_use]
pub fn detect(host: &Host) -> Vec<Installation> {
    let installation = |kind, config: String, program| Installation { kind, config, program };
    let dockerd = ["/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd"];
    let program = dockerd.into_iter().find(|path| host.exists(path)).map(str::to_owned);
    let mut found = Vec::new();
    if program.is_some() || host.exists(ENGINE.default_config) {
        found.push(installation(InstallationKind::System, ENGINE.default_config.to_owned(), program.clone()));
    }
    if let Some(config) = rootless_config(host).filter(|path| host.exists(path)) {
        found.push(installation(InstallationKind::Rootless, config, program));
    }
    let snap = "/snap/docker/current/bin/dockerd";
    if host.exists(snap) {
        let config = "/var/snap/docker/current/config/daemon.json".to_owned();
        found.push(installation(InstallationKind::Snap, config, Some(snap.to_owned())));
    }
    found
}

/// `$XDG_CONFIG_HOME/docker/daemon.json`, or the same below `$HOME/.config`: where `dockerd` looks
/// when it runs rootless (moby, `cmd/dockerd/config.go`).
fn rootless_config(host: &Host) -> Option<String> {
    let set = |name| host.environment().get(name).filter(|value| value.starts_with('/')).map(str::to_owned);
    let folder = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")? + "/.config"))?;
    Some(folder + "/docker/daemon.json")
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
