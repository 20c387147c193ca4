//! G703: a device reservation without a list of capabilities.

use crate::compose::{Compose, Place, Request};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use crate::yaml::View;
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
            // A misspelt key is another finding, and may be this one.
            None if !request.unknown_keys().is_empty() => {}
            None if request.place == Place::Deploy => match request.pieces() {
                Some(pieces) => torn(&context.file.text, request, &pieces, sink),
                None => missing(&context.file.text, request, sink),
            },
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

/// One request in several items: said once, at the first that lacks the list.
fn torn(text: &str, request: Request<'_>, pieces: &[View<'_>], sink: &mut Sink) {
    let first = pieces.iter().find(|piece| piece.entry("capabilities").is_none());
    if first.is_none_or(|first| first.span() != request.node.span()) {
        return;
    }
    let Some(entry) = request.node.own_entries().first().copied() else { return };
    let finding = sink.report(entry.key.place(), "the device reservation is torn into several items");
    finding.note("Docker Compose refuses the file: `missing property 'capabilities'`");
    finding.help("one request is one item: only its first key has a hyphen");
    let hyphens: Option<Vec<Span>> =
        pieces.iter().skip(1).map(|piece| hyphen(text, pieces, *piece)).collect();
    if let Some([first, rest @ ..]) = hyphens.as_deref() {
        let fix = Fix::safe("make it one item", Edit::new(*first, " "));
        finding.fix(rest.iter().fold(fix, |fix, span| fix.and(Edit::new(*span, " "))));
    }
}

/// The hyphen before an item whose keys stand below those of the first item.
fn hyphen(text: &str, pieces: &[View<'_>], piece: View<'_>) -> Option<Span> {
    let start = |piece: View<'_>| {
        let key = piece.own_entries().first()?.key.place().start;
        Some((key, text.get(..key)?.rfind('\n').map_or(0, |end| end + 1)))
    };
    let ((key, line), (top, top_line)) = (start(piece)?, start(*pieces.first()?)?);
    let before = text.get(line..key)?;
    let at = line + before.find('-')?;
    let is_plain = before.bytes().all(|byte| matches!(byte, b' ' | b'-')) && before.matches('-').count() == 1;
    (is_plain && key - line == top - top_line).then(|| Span::new(at, at + 1))
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
