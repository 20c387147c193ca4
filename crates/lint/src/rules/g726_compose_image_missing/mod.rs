//! G726: a service whose `nvidia/cuda` image does not exist.

use crate::compose::{Compose, interpolate};
use crate::rule::{Check, Context, Family, Rule};
use crate::rules::missing_tag::{explain, missing};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G726"),
    name: "compose-image-missing",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for service in context.model.services() {
        // Beside `build` the image is a name for what is built.
        if service.get("build").is_some() {
            continue;
        }
        let Some(view) = service.get("image") else { continue };
        let Some(reference) = view.text().and_then(interpolate) else { continue };
        let Some(why) = missing(&reference) else { continue };
        let finding = sink.report(view.span(), format!("there is no image `{reference}`"));
        explain(finding, &context.file.text, view.span(), &reference, why);
    }
}
