//! The containerd inside k3s and RKE2. Both write its configuration anew at every start, from a
//! template of their own or one that lies beside it: that template is Go's `text/template`, so it is
//! edited line by line and never read as TOML. Both also register the runtime `nvidia` by themselves when they
//! find its program (docs.k3s.io, "Advanced options"; k3s, `pkg/agent/containerd/runtimes.go`).

use crate::detect::{Installation, InstallationKind, Service, option_of, service, trace};
use crate::restart::Need;
use crate::{Desired, Engine, Files, Proposal, ProposedFile, check_runtime, codes, template, write_step};
use diag::{Failure, Result};
use host::Host;
use plan::{Applicability, Plan};

/// Where both look for the program of the runtime `nvidia`.
const FOUND_BY_ITSELF: [&str; 2] =
    ["/usr/local/nvidia/toolkit/nvidia-container-runtime", "/usr/bin/nvidia-container-runtime"];

/// k3s's line in the table of engines.
pub const K3S: Engine = engine(
    "k3s",
    "/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.tmpl",
    |host| detect(host, &K3S_PLACE),
    |host, files, desired| propose(host, files, desired, &K3S_PLACE),
);

/// RKE2's line in the table of engines.
pub const RKE2: Engine = engine(
    "rke2",
    "/var/lib/rancher/rke2/agent/etc/containerd/config-v3.toml.tmpl",
    |host| detect(host, &RKE2_PLACE),
    |host, files, desired| propose(host, files, desired, &RKE2_PLACE),
);

const fn engine(
    name: &'static str,
    default_config: &'static str,
    detect: fn(&Host) -> Vec<Installation>,
    propose: fn(&Host, &Files<'_>, &Desired) -> Result<Proposal>,
) -> Engine {
    Engine {
        name,
        default_config,
        default_drop_in: None,
        default_runtime_path: "/usr/bin/nvidia-container-runtime",
        cdi_switch: true,
        dump_commands: &[],
        daemon: None,
        detect,
        need: |_plan| Need::Restart,
        propose,
    }
}

/// One of the two distributions.
struct Place {
    name: &'static str,
    kind: InstallationKind,
    data: &'static str,
    settings: &'static str,
}

const K3S_PLACE: Place = Place {
    name: "k3s",
    kind: InstallationKind::K3s,
    data: "/var/lib/rancher/k3s",
    settings: "/etc/rancher/k3s",
};

const RKE2_PLACE: Place = Place {
    name: "rke2",
    kind: InstallationKind::Rke2,
    data: "/var/lib/rancher/rke2",
    settings: "/etc/rancher/rke2",
};

/// Both distributions, as installations of containerd.
pub(crate) fn installations(host: &Host) -> Vec<Installation> {
    [&K3S_PLACE, &RKE2_PLACE].into_iter().flat_map(|place| detect(host, place)).collect()
}

/// Whether a file is one that k3s or RKE2 writes anew at every start.
pub(crate) fn is_generated(config: &str) -> bool {
    config.contains("/rancher/") && config.ends_with("/agent/etc/containerd/config.toml")
}

/// The engine whose template a file is.
pub(crate) fn of_template(config: &str) -> Option<&'static Engine> {
    let name = if config.contains("/rke2/") { "rke2" } else { "k3s" };
    config.ends_with(".toml.tmpl").then(|| crate::by_name(name)).flatten()
}

fn detect(host: &Host, place: &Place) -> Vec<Installation> {
    let found = service(host, place.name, &["server", "agent"]);
    let (service, arguments) = found.map_or((None, Vec::new()), |(service, words)| (Some(service), words));
    if runs_another(host, place, &arguments) {
        return Vec::new();
    }
    let data = option_of(&arguments, &["-d", "--data-dir"])
        .or_else(|| setting(host, place, "data-dir"))
        .filter(|path| path.starts_with('/'))
        .unwrap_or_else(|| place.data.to_owned());
    if service.is_none() && !host.exists(&data) {
        return Vec::new();
    }
    let seen = service.as_ref().map_or_else(|| data.clone(), |service: &Service| service.unit.clone());
    let socket = Some("/run/k3s/containerd/containerd.sock".to_owned());
    vec![Installation { service, socket, ..trace(place.kind, &template_path(host, &data), &seen) }]
}

/// Whether the node is told to use an engine beside it, and has no containerd of its own.
fn runs_another(host: &Host, place: &Place, arguments: &[String]) -> bool {
    let endpoint = ["--container-runtime-endpoint"];
    arguments.iter().any(|word| word == "--docker")
        || option_of(arguments, &endpoint).is_some()
        || setting(host, place, "container-runtime-endpoint").is_some()
        || setting(host, place, "docker").as_deref() == Some("true")
}

/// The template that counts: that of version 3 wins where containerd is new enough to read it, which
/// shows in the configuration that was generated last.
fn template_path(host: &Host, data: &str) -> String {
    let folder = format!("{data}/agent/etc/containerd");
    let (new, old) = (format!("{folder}/config-v3.toml.tmpl"), format!("{folder}/config.toml.tmpl"));
    let generated = host.read_text_optional(&format!("{folder}/config.toml")).ok().flatten();
    let is_old = generated.is_some_and(|text| text.lines().any(|line| line.trim() == "version = 2"));
    match (host.exists(&new), host.exists(&old)) {
        (true, _) if !is_old => new,
        (_, true) => old,
        _ if is_old => old,
        _ => new,
    }
}

/// A setting of its YAML file, where it stands on a line of its own.
fn setting(host: &Host, place: &Place, key: &str) -> Option<String> {
    let text = host.read_text_optional(&format!("{}/config.yaml", place.settings)).ok().flatten()?;
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(':'))?;
    let value = value.split(" #").next().unwrap_or_default().trim();
    Some(value.trim_matches(['"', '\'']).to_owned())
}

fn propose(host: &Host, files: &Files<'_>, desired: &Desired, place: &Place) -> Result<Proposal> {
    check_runtime(desired)?;
    let before = host.read_optional(files.config)?;
    let present = before.as_deref().map(|bytes| crate::toml_tree::text(files.config, bytes)).transpose()?;
    let by_itself =
        desired.runtime_name == "nvidia" && FOUND_BY_ITSELF.contains(&desired.runtime_path.as_str());
    let mut notes = Vec::new();
    let after = template::with(files.config, present, desired, by_itself)?;
    if by_itself && present.is_none_or(template::finds_runtimes) {
        notes.push(format!("{} registers the runtime nvidia by itself when it starts", place.name));
    }
    let title = format!("register runtime {} with {} in {}", desired.runtime_name, place.name, files.config);
    let mut plan = Plan::new(title, Applicability::Safe);
    let mut shown = Vec::new();
    if let Some(after) = after {
        plan = write_step(plan, files.config, before.clone(), &after);
        shown.push(ProposedFile { title: Some("Template"), path: files.config.to_owned(), text: after });
    }
    if desired.set_as_default && present.is_none_or(template::takes_default) {
        let path = format!("{}/config.yaml.d/99-nvidia.yaml", place.settings);
        let text = format!("default-runtime: {}\n", yaml(&desired.runtime_name)?);
        plan = write_step(plan, &path, host.read_optional(&path)?, &text);
        shown.push(ProposedFile { title: Some("Settings"), path, text });
    }
    if let Some(present) = present.filter(|_| shown.is_empty()) {
        let text = present.to_owned();
        shown.push(ProposedFile { title: Some("Template"), path: files.config.to_owned(), text });
    }
    Ok(Proposal { plan, files: shown, exists: true, notes, findings: Vec::new() })
}

/// A name that YAML reads as it stands.
fn yaml(name: &str) -> Result<&str> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if name.chars().all(plain) && name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        return Ok(name);
    }
    Err(Failure::coded(codes::BAD_RUNTIME, format!("runtime name {name:?} cannot stand in YAML as it is")))
}
