//! G803: a part of a GPU.

use crate::kubernetes::{Manifests, Quantity, is_gpu_resource};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G803"),
    name: "fractional-gpu",
    severity: Severity::Error,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    let containers = context.model.containers();
    for container in containers.iter().filter(|container| container.object.is_checked()) {
        for entry in ["limits", "requests"].iter().flat_map(|part| container.resources(part)) {
            let Some(name) = entry.key.text().filter(|name| is_gpu_resource(name)) else { continue };
            if Quantity::of(entry.value).is_none_or(Quantity::is_whole) {
                continue;
            }
            let finding = sink.report(entry.value.place(), format!("`{name}` is no whole number"));
            finding.note("the API server refuses the object: `must be an integer`");
            finding.help(
                "ask for 1; to share a GPU set up time-slicing or MPS in the device plugin, or split it with MIG and ask \
                 for a slice (`nvidia.com/mig-1g.10gb: 1`)",
            );
        }
    }
}
