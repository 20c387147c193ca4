//! G821: a LimitRange that gives every container of the namespace a GPU.

use crate::kubernetes::{Manifests, Quantity, is_gpu_resource};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G821"),
    name: "gpu-by-default",
    severity: Severity::Warning,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    for object in context.model.objects() {
        if (object.api_version, object.kind) != ("v1", "LimitRange") {
            continue;
        }
        let limits =
            object.node.at_path(&["spec", "limits"]).map(|limits| limits.items()).unwrap_or_default();
        for limit in
            limits.iter().filter(|limit| limit.get("type").and_then(|kind| kind.text()) == Some("Container"))
        {
            let entries = ["default", "defaultRequest"]
                .iter()
                .filter_map(|key| limit.get(key))
                .flat_map(|part| part.entries());
            let Some(entry) = entries.into_iter().find(|entry| {
                entry.key.text().is_some_and(is_gpu_resource)
                    && Quantity::of(entry.value).is_some_and(|amount| !amount.is_zero())
            }) else {
                continue;
            };
            let finding =
                sink.report(entry.key.place(), "every container of the namespace gets a GPU by default");
            finding.note(
                "containers that say nothing about resources, side-cars too, then ask for a GPU each, and wait for one: \
                 `Insufficient nvidia.com/gpu`",
            );
            finding.help("limit GPUs with `max`, or with a ResourceQuota on `requests.nvidia.com/gpu`");
        }
    }
}
