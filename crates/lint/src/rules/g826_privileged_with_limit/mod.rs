//! G826: a privileged container with a limit of GPUs.

use crate::kubernetes::Manifests;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::yaml::Scalar;
use diag::{Code, Severity};
use std::collections::HashSet;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G826"),
    name: "privileged-with-limit",
    severity: Severity::Note,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    let mut seen = HashSet::new();
    for container in context.model.containers() {
        if container.whole_gpus().is_none() {
            continue;
        }
        let Some(privileged) = container.node.at_path(&["securityContext", "privileged"]) else { continue };
        let is_true = privileged.scalar() == Some(Scalar::Bool(true));
        if !is_true || !seen.insert(privileged.span()) {
            continue;
        }
        let finding = sink.report(
            privileged.span(),
            "a privileged container sees all GPUs of the node, whatever its limit",
        );
        finding.note("it has every device node of the node, also those of GPUs that other pods were given");
        finding.help("leave `privileged` out: a GPU does not need it");
    }
}
