//! G725: a key for devices at a place where there is none.

use crate::compose::{Compose, Service};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::yaml::View;
use diag::{Code, Severity};
use std::collections::HashSet;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G725"),
    name: "misplaced-key",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

/// The keys that the schema has below each part of `deploy`, and of a device.
const DEPLOY: &[&str] = &[
    "mode",
    "endpoint_mode",
    "replicas",
    "labels",
    "rollback_config",
    "update_config",
    "resources",
    "restart_policy",
    "placement",
];
const RESOURCES: &[&str] = &["limits", "reservations"];
const LIMITS: &[&str] = &["cpus", "memory", "pids"];
const RESERVATIONS: &[&str] = &["cpus", "memory", "generic_resources", "devices"];
const DEVICE: &[&str] = &["capabilities", "count", "device_ids", "driver", "options"];

/// What a key must hold for being about devices; other wrong keys are left to other tools.
const ABOUT: &[&str] = &["device", "gpu", "capabilit", "driver", "count", "shm", "runtime", "nvidia"];

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    let mut seen = HashSet::new();
    for service in context.model.services() {
        for (part, name, keys) in parts(&service) {
            for entry in part.entries() {
                let Some(key) = entry.key.text() else { continue };
                let about = ABOUT.iter().any(|word| key.contains(word));
                if keys.contains(&key) || !about || key.starts_with("x-") || !seen.insert(entry.key.span()) {
                    continue;
                }
                let finding = sink.report(entry.key.span(), format!("`{name}` has no key `{key}`"));
                finding.note(format!(
                    "Docker Compose refuses the file: `additional properties '{key}' not allowed`"
                ));
                finding.help(help(key, name));
            }
        }
    }
}

fn parts<'a>(service: &Service<'a>) -> Vec<(View<'a>, &'static str, &'static [&'static str])> {
    let at = |way: &[&str]| service.node.at_path(way);
    let mut out: Vec<(View<'a>, &'static str, &'static [&'static str])> = [
        (at(&["deploy"]), "deploy", DEPLOY),
        (at(&["deploy", "resources"]), "deploy.resources", RESOURCES),
        (at(&["deploy", "resources", "limits"]), "deploy.resources.limits", LIMITS),
        (at(&["deploy", "resources", "reservations"]), "deploy.resources.reservations", RESERVATIONS),
    ]
    .into_iter()
    .filter_map(|(view, name, keys)| Some((view?, name, keys)))
    .collect();
    out.extend(service.requests().into_iter().map(|request| (request.node, "a device request", DEVICE)));
    out
}

fn help(key: &str, part: &str) -> String {
    match key {
        "shm_size" => "`shm_size` belongs to the service, beside `image`".to_owned(),
        "runtime" => "`runtime` belongs to the service, beside `image`".to_owned(),
        _ if part == "a device request" => format!("a device request has {}", DEVICE.join(", ")),
        _ => "GPUs are asked for with `deploy.resources.reservations.devices`, or with `gpus` of the service"
            .to_owned(),
    }
}
