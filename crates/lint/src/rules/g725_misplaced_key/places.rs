//! Keys about GPUs at the top of the file, in a service, and below `build`.

use super::report;
use crate::compose::{Compose, Service, is_compose_name};
use crate::file::File;
use crate::finding::{Edit, Fix};
use crate::sink::Sink;
use crate::text::Span;
use crate::yaml::{Entry, View};
use std::collections::HashSet;

const REQUEST: &str =
    "GPUs are asked for with `deploy.resources.reservations.devices`, or with `gpus` of the service";

pub(super) fn check(model: &Compose, file: &File, seen: &mut HashSet<Span>, sink: &mut Sink) {
    // Other programs have files with `services` too.
    let is_service = |service: &Service<'_>| service.get("image").or(service.get("build")).is_some();
    if !is_compose_name(&file.path) && !model.services().iter().any(is_service) {
        return;
    }
    for entry in model.top().map(|top| top.own_entries()).unwrap_or_default() {
        let key = entry.key.text().unwrap_or_default();
        let is_runtime =
            key == "runtime" && entry.value.text().is_some_and(|value| value.starts_with("nvidia"));
        let is_request = key == "gpus" || (key == "deploy" && asks_for_devices(entry.value));
        if (is_runtime || is_request) && seen.insert(entry.key.span()) {
            report(entry.key.span(), key, "the top of the file", sink)
                .help(format!("`{key}` belongs to the service, beside `image`"));
        }
    }
    for service in model.services() {
        in_service(&service, file, seen, sink);
    }
}

fn in_service(service: &Service<'_>, file: &File, seen: &mut HashSet<Span>, sink: &mut Sink) {
    let entries = service.node.entries();
    for entry in entries.iter().filter(|entry| is_lost(entry)) {
        if seen.insert(entry.key.span()) {
            let key = entry.key.text().unwrap_or_default();
            report(entry.key.span(), key, "a service", sink).help(REQUEST);
        }
    }
    let gpu = service.node.entry("gpu").filter(|_| service.get("gpus").is_none());
    let is_meant = |entry: &Entry<'_>| is_compose_name(&file.path) || entry.value.text() == Some("all");
    if let Some(entry) = gpu.filter(is_meant).filter(|entry| seen.insert(entry.key.span())) {
        let finding = report(entry.key.span(), "gpu", "a service", sink);
        finding.help("the key is `gpus`");
        let is_request = entry.value.is_sequence() || entry.value.text() == Some("all");
        if is_request && entry.key.span().of(&file.text) == "gpu" {
            finding.fix(Fix::safe("write `gpus`", Edit::new(entry.key.span(), "gpus")));
        }
    }
    let build = service.get("build").filter(View::is_mapping);
    for entry in build.map(|build| build.entries()).unwrap_or_default() {
        let key = entry.key.text().unwrap_or_default();
        if matches!(key, "deploy" | "runtime" | "gpus" | "devices") && seen.insert(entry.key.span()) {
            report(entry.key.span(), key, "`build`", sink)
                .help(format!("`{key}` belongs to the service, beside `build`"));
        }
    }
}

/// Parts of `deploy` that stand in the service itself.
fn is_lost(entry: &Entry<'_>) -> bool {
    matches!(entry.key.text(), Some("resources" | "reservations")) && asks_for_devices(entry.value)
}

/// Whether a list of devices stands below a node.
pub(super) fn asks_for_devices(node: View<'_>) -> bool {
    let ways: [&[&str]; 3] =
        [&["devices"], &["reservations", "devices"], &["resources", "reservations", "devices"]];
    ways.iter().filter_map(|way| node.at_path(way)).any(|list| list.items().iter().any(View::is_mapping))
}
