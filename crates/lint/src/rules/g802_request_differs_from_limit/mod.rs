//! G802: a GPU request and a GPU limit of different amounts.

use crate::finding::{Edit, Fix};
use crate::kubernetes::{Manifests, Quantity, is_gpu_resource};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G802"),
    name: "request-differs-from-limit",
    severity: Severity::Error,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    let containers = context.model.containers();
    for container in containers.iter().filter(|container| container.object.is_checked()) {
        for request in container.resources("requests") {
            let Some(name) = request.key.text().filter(|name| is_gpu_resource(name)) else { continue };
            let Some(limit) = container.amount("limits", name) else { continue };
            let (Some(asked), Some(allowed)) = (Quantity::of(request.value), Quantity::of(limit.value))
            else {
                continue;
            };
            if asked == allowed {
                continue;
            }
            let finding =
                sink.report(request.value.place(), format!("`{name}` is requested and limited differently"));
            finding.also(limit.value.place(), "the limit");
            finding.note(format!("the API server refuses the object: `must be equal to {name} limit`"));
            finding.help("leave the request out, or make it equal to the limit");
            let text = limit.value.place().of(&context.file.text);
            finding
                .fix(Fix::needs_review("request what is the limit", Edit::new(request.value.place(), text)));
        }
    }
}
