//! G725: a key for devices at a place where there is none.

mod places;

use crate::compose::{Compose, KEYS, Request, Service};
use crate::finding::{Edit, Finding, Fix};
use crate::nearest::nearest;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use crate::yaml::{Entry, View};
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

/// The keys that the schema has below each part of `deploy`.
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

/// The keys on the way to a request.
const PATH: &[&str] = &["resources", "reservations", "devices"];

/// What a key must hold for being about devices; other wrong keys are left to other tools.
const ABOUT: &[&str] = &["device", "gpu", "capabilit", "driver", "count", "shm", "runtime", "nvidia"];

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    let mut seen = HashSet::new();
    places::check(context.model, context.file, &mut seen, sink);
    for service in context.model.services() {
        for (part, name, keys) in parts(&service) {
            for entry in part.entries() {
                in_deploy(entry, name, keys, &context.file.text, &mut seen, sink);
            }
        }
        for request in service.requests() {
            in_request(request, &context.file.text, &mut seen, sink);
        }
    }
}

fn parts<'a>(service: &Service<'a>) -> Vec<(View<'a>, &'static str, &'static [&'static str])> {
    let at = |way: &[&str]| service.node.at_path(way);
    let all: [(Option<View<'a>>, &'static str, &'static [&'static str]); 4] = [
        (at(&["deploy"]), "`deploy`", DEPLOY),
        (at(&["deploy", "resources"]), "`deploy.resources`", RESOURCES),
        (at(&["deploy", "resources", "limits"]), "`deploy.resources.limits`", LIMITS),
        (at(&["deploy", "resources", "reservations"]), "`deploy.resources.reservations`", RESERVATIONS),
    ];
    all.into_iter().filter_map(|(view, name, keys)| Some((view?, name, keys))).collect()
}

fn in_deploy(
    entry: Entry<'_>,
    name: &str,
    keys: &[&'static str],
    text: &str,
    seen: &mut HashSet<Span>,
    sink: &mut Sink,
) {
    let (span, key) = (entry.key.span(), entry.key.text().unwrap_or_default());
    let meant = nearest(key, keys).filter(|meant| PATH.contains(meant));
    let about = ABOUT.iter().any(|word| key.contains(word)) || places::asks_for_devices(entry.value);
    if keys.contains(&key) || key.starts_with("x-") || !(about || meant.is_some()) || !seen.insert(span) {
        return;
    }
    let finding = report(span, key, name, sink);
    match meant {
        None => finding.help(help(key)),
        Some(meant) => finding.help(format!("it is `{meant}`")),
    };
    if let Some(meant) = meant.filter(|_| span.of(text) == key) {
        finding.fix(Fix::needs_review(format!("write `{meant}`"), Edit::new(span, meant)));
    }
}

fn in_request(request: Request<'_>, text: &str, seen: &mut HashSet<Span>, sink: &mut Sink) {
    for entry in request.unknown_keys() {
        let (span, key) = (entry.key.span(), entry.key.text().unwrap_or_default());
        if !seen.insert(span) {
            continue;
        }
        let finding = report(span, key, "a device request", sink);
        let meant = nearest(key, KEYS).filter(|meant| request.entry(meant).is_none());
        let Some(meant) = meant else {
            finding.help(format!("a device request has {}", KEYS.join(", ")));
            continue;
        };
        finding.help(format!("it is `{meant}`"));
        if span.of(text) == key {
            finding.fix(Fix::safe(format!("write `{meant}`"), Edit::new(span, meant)));
        }
    }
}

fn report<'s>(span: Span, key: &str, part: &str, sink: &'s mut Sink) -> &'s mut Finding {
    let finding = sink.report(span, format!("{part} has no key `{key}`"));
    finding.note(format!("Docker Compose refuses the file: `additional properties '{key}' not allowed`"));
    finding
}

fn help(key: &str) -> &'static str {
    match key {
        "shm_size" => "`shm_size` belongs to the service, beside `image`",
        "runtime" => "`runtime` belongs to the service, beside `image`",
        _ => "GPUs are asked for with `deploy.resources.reservations.devices`, or with `gpus` of the service",
    }
}
