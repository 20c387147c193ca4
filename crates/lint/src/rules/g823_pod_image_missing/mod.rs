//! G823: a container whose `nvidia/cuda` image does not exist.

use crate::kubernetes::Manifests;
use crate::rule::{Check, Context, Family, Rule};
use crate::rules::missing_tag::{explain, missing};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G823"),
    name: "pod-image-missing",
    severity: Severity::Error,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    for container in context.model.containers() {
        let Some(view) = container.node.get("image") else { continue };
        let Some(reference) = view.text().filter(|text| !text.contains(['{', '$'])) else { continue };
        let Some(why) = missing(reference) else { continue };
        let finding = sink.report(view.span(), format!("there is no image `{reference}`"));
        explain(finding, &context.file.text, view.span(), reference, why);
        finding.note("the pod stays in `ImagePullBackOff`");
    }
}
