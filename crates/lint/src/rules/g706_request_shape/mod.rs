//! G706: values of a GPU request that Compose or the engine cannot take.

use crate::compose::{Compose, Place, Request, interpolate};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::yaml::{Scalar, View};
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G706"),
    name: "request-shape",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for request in context.model.requests() {
        if !request.node.is_mapping() {
            item(request, sink);
            continue;
        }
        if let Some(ids) = request.node.get("device_ids") {
            device_ids(ids, &context.file.text, sink);
        }
        if let Some(value) = request.node.get("count") {
            count(value, sink);
        }
    }
}

/// An item that is no mapping; `gpus: all` is one word that may be.
fn item(request: Request<'_>, sink: &mut Sink) {
    let Some(text) = request.node.text() else { return };
    let is_word = request.place == Place::Gpus;
    if text.contains('$') || text.is_empty() || (is_word && text == "all") {
        return;
    }
    let (message, note) = match request.place {
        Place::Gpus => (
            "`gpus` is neither `all` nor a list",
            "Docker Compose refuses the file: `gpus` must be `all` or a list",
        ),
        Place::Deploy => (
            "the device reservation is no mapping",
            "Docker Compose refuses the file: `devices.0 must be a mapping`",
        ),
    };
    let finding = sink.report(request.node.span(), message);
    finding.note(note);
    finding.help("write `- {driver: nvidia, count: 1, capabilities: [gpu]}`");
}

fn device_ids(ids: View<'_>, text: &str, sink: &mut Sink) {
    if let Some(value) = ids.text() {
        if value.contains('$') || value.is_empty() {
            return;
        }
        let finding = sink.report(ids.span(), "`device_ids` is not a list");
        finding.note("Docker Compose refuses the file: `device_ids must be a array`");
        let quoted: Vec<String> = value.split(',').map(|id| format!("\"{}\"", id.trim())).collect();
        let simple = value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b',' | b'-' | b' ' | b':'));
        if simple {
            let edit = Edit::new(ids.span(), format!("[{}]", quoted.join(", ")));
            finding.fix(Fix::safe("make it a list of texts", edit));
        }
        return;
    }
    for id in ids.items() {
        match id.scalar() {
            Some(Scalar::Int(_) | Scalar::Float(_)) => {
                let finding = sink.report(id.span(), "a device id is a number, not a text");
                finding.note("Docker Compose refuses the file: `device_ids.0 must be a string`");
                let edit = Edit::new(id.span(), format!("\"{}\"", id.span().of(text)));
                finding.fix(Fix::safe("quote it", edit));
            }
            Some(Scalar::Text(value)) if value.contains(',') && !value.contains('$') => {
                let finding = sink.report(id.span(), "one device id names several GPUs");
                finding.severity(Severity::Note);
                finding.note(
                    "it works where the engine passes it on as NVIDIA_VISIBLE_DEVICES; an engine that has CDI only says \
                     `unresolvable CDI devices`",
                );
                let parts: Vec<String> = value.split(',').map(|id| format!("\"{}\"", id.trim())).collect();
                if ids.is_flow() {
                    let edit = Edit::new(id.span(), parts.join(", "));
                    finding.fix(Fix::safe("write one id each", edit));
                }
            }
            _ => {}
        }
    }
}

fn count(value: View<'_>, sink: &mut Sink) {
    let wrong = match value.scalar() {
        Some(Scalar::Bool(_) | Scalar::Float(_)) => true,
        Some(Scalar::Text(text)) => interpolate(text).is_some_and(|text| {
            !text.is_empty() && !text.eq_ignore_ascii_case("all") && text.parse::<i64>().is_err()
        }),
        _ => value.is_mapping() || value.is_sequence(),
    };
    if wrong {
        let finding = sink.report(value.span(), "`count` is neither `all` nor a number");
        finding.note("Docker Compose refuses the file: `the only value allowed is 'all' or a number`");
        finding.help("to name GPUs use `device_ids` instead of `count`");
    }
}
