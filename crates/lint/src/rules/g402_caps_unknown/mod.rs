//! G402: an image that asks for a driver capability that does not exist.

use crate::dockerfile::Build;
use crate::rule::{Check, Context, Family, Rule};
use crate::rules::driver_capabilities::{NAME, explain, message, unknown};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G402"),
    name: "caps-unknown",
    severity: Severity::Error,
    family: Family::Environment,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let Some(stage) = build.target.and_then(|target| build.stages.get(target)) else { return };
    let Some(set) = build.env(stage, usize::MAX, NAME) else { return };
    let Some(value) = set.value.as_deref() else { return };
    let Some(word) = unknown(value) else { return };
    let finding = sink.report(set.value_span, message(word));
    explain(finding, &context.file.text, set.value_span, value, word);
}
