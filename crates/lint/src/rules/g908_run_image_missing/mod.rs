//! G908: a call with an `nvidia/cuda` image that does not exist.

use crate::rule::{Check, Context, Family, Rule};
use crate::rules::missing_tag::{explain, missing};
use crate::script::Script;
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G908"),
    name: "run-image-missing",
    severity: Severity::Error,
    family: Family::Surroundings,
    check: Check::Script(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Script>, sink: &mut Sink) {
    for call in &context.model.calls {
        let Some(image) = &call.image else { continue };
        let Some(why) = missing(image.known()) else { continue };
        let finding = sink.report(image.span, format!("there is no image `{}`", image.known()));
        explain(finding, &context.file.text, image.span, image.known(), why);
    }
}
