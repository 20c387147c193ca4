//! G703: a device reservation without a list of capabilities.

use crate::compose::{Compose, Place, Request};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G703"),
    name: "capabilities-missing",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for request in context.model.requests() {
        match request.entry("capabilities") {
            None if request.place == Place::Deploy => missing(&context.file.text, request, sink),
            Some(entry)
                if entry.value.text().is_some()
                    && !entry.value.text().is_some_and(|text| text.contains('$')) =>
            {
                let finding = sink.report(entry.value.span(), "`capabilities` is not a list");
                finding.note("Docker Compose refuses the file: `capabilities must be a array`");
                finding.help("write `capabilities: [gpu]`");
                if let Some(word) = entry.value.text().filter(|text| is_word(text)) {
                    let edit = Edit::new(entry.value.span(), format!("[{word}]"));
                    finding.fix(Fix::safe("make it a list", edit));
                }
            }
            _ => {}
        }
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn missing(text: &str, request: Request<'_>, sink: &mut Sink) {
    // An item that is no mapping is malformed in another way.
    if !request.node.is_mapping() || request.node.own_entries().is_empty() {
        return;
    }
    let Some(first) = request.node.own_entries().first().copied() else { return };
    let finding = sink.report(first.key.place(), "the device reservation has no `capabilities`");
    finding.note("Docker Compose refuses the file: `missing property 'capabilities'`");
    finding.help("add `capabilities: [gpu]`");
    if let Some((at, separator)) = request.insertion(text) {
        let edit = Edit::new(at, format!("capabilities: [gpu]{separator}"));
        finding.fix(Fix::safe("ask for the capability `gpu`", edit));
    }
}
