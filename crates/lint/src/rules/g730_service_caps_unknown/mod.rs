//! G730: a service that asks for a driver capability that does not exist.

use crate::compose::Compose;
use crate::rule::{Check, Context, Family, Rule};
use crate::rules::driver_capabilities::{NAME, explain, message, unknown};
use crate::sink::Sink;
use diag::{Code, Severity};
use std::collections::HashSet;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G730"),
    name: "service-caps-unknown",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    let mut seen = HashSet::new();
    for service in context.model.services() {
        let Some((place, Some(value))) = service.environment(NAME) else { continue };
        let Some(word) = unknown(&value).filter(|_| seen.insert(place.span())) else { continue };
        let finding = sink.report(place.span(), message(word));
        explain(finding, &context.file.text, place.span(), &value, word);
    }
}
