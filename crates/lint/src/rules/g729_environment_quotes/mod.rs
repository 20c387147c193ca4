//! G729: a value in a list of variables whose quotes become part of it.

use crate::compose::Compose;
use crate::finding::{Edit, Finding, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use crate::yaml::View;
use diag::{Code, Severity};
use std::collections::HashSet;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G729"),
    name: "environment-quotes",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

/// The variables, and what comes of a value in quotes (`VALUE`).
const NAMES: &[(&str, &str)] = &[
    ("NVIDIA_VISIBLE_DEVICES", "the container does not start: `device error: VALUE: unknown device`"),
    (
        "NVIDIA_DRIVER_CAPABILITIES",
        "the container does not start: `unsupported capabilities found in 'VALUE'`",
    ),
    ("CUDA_VISIBLE_DEVICES", "CUDA finds no GPU VALUE: `No CUDA GPUs are available`"),
];

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    let mut seen = HashSet::new();
    for service in context.model.services() {
        let items = service.get("environment").map(|list| list.items()).unwrap_or_default();
        for item in items.into_iter().filter(View::is_plain) {
            let Some((name, value)) = item.text().and_then(|text| text.split_once('=')) else { continue };
            let Some((_, error)) = NAMES.iter().find(|(known, _)| *known == name) else { continue };
            let Some(bare) = unquoted(value).filter(|_| seen.insert(item.span())) else { continue };
            let finding = sink.report(item.span(), format!("the quotes are part of the value of `{name}`"));
            finding.note(
                "in a list nothing takes them away: Compose gives the container what stands behind `=`",
            );
            finding.note(error.replace("VALUE", value));
            finding.help(format!("write `{name}={bare}`"));
            fix(finding, &context.file.text, item.span(), value);
        }
    }
}

/// The value within a pair of quotes.
fn unquoted(value: &str) -> Option<&str> {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\''))
}

fn fix(finding: &mut Finding, text: &str, item: Span, value: &str) {
    if item.of(text).ends_with(value) {
        let (start, end) = (item.end - value.len(), item.end);
        let first = Edit::new(Span::new(start, start + 1), "");
        finding.fix(Fix::safe("take the quotes away", first).and(Edit::new(Span::new(end - 1, end), "")));
    }
}
