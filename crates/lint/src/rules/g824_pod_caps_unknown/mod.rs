//! G824: a container of a pod that asks for a driver capability that does not exist.

use crate::kubernetes::Manifests;
use crate::rule::{Check, Context, Family, Rule};
use crate::rules::driver_capabilities::{NAME, explain, message, unknown};
use crate::sink::Sink;
use diag::{Code, Severity};
use std::collections::HashSet;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G824"),
    name: "pod-caps-unknown",
    severity: Severity::Error,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    let mut seen = HashSet::new();
    for container in context.model.containers() {
        let Some(view) = container.variable(NAME).and_then(|item| item.get("value")) else { continue };
        let Some(value) = view.text() else { continue };
        let Some(word) = unknown(value).filter(|_| seen.insert(view.span())) else { continue };
        let finding = sink.report(view.span(), message(word));
        explain(finding, &context.file.text, view.span(), value, word);
        finding.note("the pod stays in `RunContainerError` or `CrashLoopBackOff`");
    }
}
