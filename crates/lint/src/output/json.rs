//! One JSON document with all findings.

use super::{Located, each};
use crate::engine::Report;
use crate::file::Files;
use crate::finding::{Applicability, Finding, Fix, Label};
use crate::text::{Lines, Span};
use serde_json::{Value, json};

/// Renders `{"version": 1, "files": N, "findings": [...]}`.
pub(super) fn render(reports: &[Report], files: Files<'_>) -> String {
    let mut findings = Vec::new();
    each(reports, files, |report, finding, located| {
        findings.push(value(report, finding, located, files));
    });
    let document = json!({ "version": 1, "files": reports.len(), "findings": findings });
    format!("{document:#}\n")
}

fn value(report: &Report, finding: &Finding, located: Located<'_, '_>, files: Files<'_>) -> Value {
    let labels: Vec<Value> =
        finding.secondary.iter().map(|label| label_value(label, &report.path, located, files)).collect();
    json!({
        "code": finding.code.as_str(),
        "name": finding.name,
        "severity": finding.severity,
        "message": finding.message,
        "path": report.path,
        "span": span_value(finding.primary.span, located.text, located.lines),
        "label": finding.primary.text,
        "related": labels,
        "notes": finding.notes,
        "help": finding.help,
        "fix": finding.fix.as_ref().map(|fix| fix_value(fix, located)),
    })
}

fn label_value(label: &Label, own: &str, located: Located<'_, '_>, files: Files<'_>) -> Value {
    let path = label.path.as_deref().unwrap_or(own);
    let span = match label.path.as_deref().and_then(|path| files.get(path)) {
        Some(file) => span_value(label.span, &file.text, &Lines::of(&file.text)),
        None => span_value(label.span, located.text, located.lines),
    };
    json!({ "path": path, "span": span, "text": label.text })
}

/// Bytes for programs, lines and columns (from 1, in characters) for people.
fn span_value(span: Span, text: &str, lines: &Lines) -> Value {
    let (start, end) = (lines.position(text, span.start), lines.position(text, span.end));
    json!({ "bytes": [span.start, span.end], "start": start, "end": end })
}

fn fix_value(fix: &Fix, located: Located<'_, '_>) -> Value {
    let applicability = match fix.applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe",
        Applicability::Displayed => "displayed",
    };
    let edits: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| json!({ "span": span_value(edit.span, located.text, located.lines), "text": edit.text }))
        .collect();
    json!({ "title": fix.title, "applicability": applicability, "edits": edits })
}
