//! G910: a devcontainer whose `nvidia/cuda` image does not exist.

use crate::devcontainer::Devcontainer;
use crate::rule::{Check, Context, Family, Rule};
use crate::rules::missing_tag::{explain, missing};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G910"),
    name: "devcontainer-image-missing",
    severity: Severity::Error,
    family: Family::Surroundings,
    check: Check::Devcontainer(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Devcontainer>, sink: &mut Sink) {
    let Some(image) = context.model.get(&["image"]) else { return };
    let Some(reference) = image.text().filter(|text| !text.contains('$')) else { return };
    let Some(why) = missing(reference) else { return };
    let finding = sink.report(image.span(), format!("there is no image `{reference}`"));
    explain(finding, &context.file.text, image.span(), reference, why);
}
