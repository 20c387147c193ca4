//! G804: a GPU resource of a name that no device plugin offers.

use crate::finding::{Edit, Fix};
use crate::kubernetes::Manifests;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G804"),
    name: "wrong-resource-name",
    severity: Severity::Error,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

/// Names that are written for `nvidia.com/gpu`, each with what happens.
const WRONG: &[(&str, &str)] = &[
    ("nvidia.com/gpus", "the pod stays Pending: `Insufficient nvidia.com/gpus`"),
    ("nvidia.com/GPU", "the pod stays Pending: `Insufficient nvidia.com/GPU`"),
    (
        "nvidia.com/gpu.count",
        "this is a label of the node; the pod stays Pending: `Insufficient nvidia.com/gpu.count`",
    ),
    ("nvidia/gpu", "the pod stays Pending: `Insufficient nvidia/gpu`"),
    ("gpu", "the API server refuses the object: `must be a standard resource for containers`"),
    ("gpus", "the API server refuses the object: `must be a standard resource for containers`"),
    ("nvidia-gpu", "the API server refuses the object: `must be a standard resource for containers`"),
    ("alpha.kubernetes.io/nvidia-gpu", "Kubernetes 1.11 has taken this resource out; the pod stays Pending"),
];

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    let containers = context.model.containers();
    for container in containers.iter().filter(|container| container.object.is_checked()) {
        for entry in ["limits", "requests"].iter().flat_map(|part| container.resources(part)) {
            let Some((name, what)) = WRONG.iter().find(|(name, _)| entry.key.text() == Some(name)) else {
                continue;
            };
            let finding = sink.report(entry.key.place(), format!("no node offers a resource `{name}`"));
            finding.note(*what);
            finding.help("the resource of NVIDIA GPUs is `nvidia.com/gpu`");
            finding.fix(Fix::needs_review(
                "use `nvidia.com/gpu`",
                Edit::new(entry.key.place(), "nvidia.com/gpu"),
            ));
        }
    }
}
