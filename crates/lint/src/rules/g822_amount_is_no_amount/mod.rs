//! G822: something else than an amount among the resources of a container.

use crate::kubernetes::Manifests;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G822"),
    name: "amount-is-no-amount",
    severity: Severity::Error,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    let containers = context.model.containers();
    for container in containers.iter().filter(|container| container.object.is_checked()) {
        for part in ["limits", "requests"] {
            for entry in container.resources(part) {
                let Some(key) = entry.key.text() else { continue };
                let is_block = entry.value.is_mapping() || entry.value.is_sequence();
                // An unquoted `{{ value }}` of a template reads as a mapping.
                if !is_block || entry.value.span().of(&context.file.text).contains("{{") {
                    continue;
                }
                let finding =
                    sink.report(entry.key.place(), format!("`{key}` among the {part} is no amount"));
                finding.note(
                    "the API server refuses the object: `quantities must match the regular expression`",
                );
                finding.help(match key {
                    "nodeSelector" | "tolerations" | "affinity" | "runtimeClassName" => {
                        format!("`{key}` belongs to the pod, beside `containers`")
                    }
                    "limits" | "requests" | "claims" => {
                        format!("`{key}` belongs one level higher, below `resources`")
                    }
                    _ => "an amount is one number, such as `1` or `500m`".to_owned(),
                });
            }
        }
    }
}
