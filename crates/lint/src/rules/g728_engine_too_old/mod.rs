//! G728: a key that the named version of Docker Compose does not know.

use crate::compose::Compose;
use crate::compose::Service;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};
use knowledge::Numbers;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G728"),
    name: "engine-too-old",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

/// Since when Docker Compose takes `gpus`, and names of CDI devices under `devices`
/// (`knowledge::engine`).
const SINCE: &[u32] = &[2, 30];

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    let Some(version) = context.options.engines.get("compose").and_then(|text| Numbers::parse(text)) else {
        return;
    };
    if version.0.as_slice() >= SINCE {
        return;
    }
    for service in context.model.services() {
        for (span, what, error) in newer(&service) {
            let finding = sink.report(span, format!("Docker Compose {version} does not know {what}"));
            finding.note(error);
            finding.help(
                "use a reservation below `deploy.resources.reservations.devices`, or Docker Compose 2.30",
            );
        }
    }
}

fn newer(service: &Service<'_>) -> Vec<(Span, &'static str, &'static str)> {
    let mut out = Vec::new();
    if let Some(entry) = service.node.entry("gpus") {
        out.push((entry.key.span(), "`gpus`", "it ends with `Additional property gpus is not allowed`"));
    }
    let cdi = |text: &str| {
        text.split_once('=').is_some_and(|(kind, _)| kind.contains('/') && !kind.starts_with('/'))
    };
    let devices = service.devices();
    if let Some(device) = devices.iter().find(|device| device.text().is_some_and(cdi)) {
        out.push((
            device.span(),
            "CDI devices",
            "it ends with `error gathering device information while adding custom device`",
        ));
    }
    out
}
