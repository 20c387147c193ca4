//! SARIF 2.1.0 (OASIS standard), as code scanning services read it.

use super::{Located, each};
use crate::engine::Report;
use crate::file::Files;
use crate::finding::{Applicability, Finding};
use crate::rule::Rule;
use crate::rules;
use crate::text::{Lines, Span};
use diag::Severity;
use serde_json::{Value, json};

/// Renders one run with all rules and results.
pub(super) fn render(reports: &[Report], files: Files<'_>) -> String {
    let mut results = Vec::new();
    each(reports, files, |report, finding, located| {
        results.push(result(report, finding, located, files));
    });
    let rules: Vec<Value> = rules::ALL.iter().map(rule).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "longshore",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

fn rule(rule: &Rule) -> Value {
    let title = rule.doc.lines().next().unwrap_or("").trim_start_matches("# ");
    json!({
        "id": rule.code.as_str(),
        "name": rule.name,
        "shortDescription": { "text": title },
        "help": { "text": rule.page(), "markdown": rule.page() },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn result(report: &Report, finding: &Finding, located: Located<'_, '_>, files: Files<'_>) -> Value {
    let mut text = finding.message.clone();
    for part in finding.notes.iter().chain(&finding.help) {
        text.push_str("\n\n");
        text.push_str(part);
    }
    let index = rules::ALL.iter().position(|rule| rule.code == finding.code);
    let related: Vec<Value> = finding
        .secondary
        .iter()
        .enumerate()
        .map(|(id, label)| {
            let path = label.path.as_deref().unwrap_or(&report.path);
            let region = match files.get(path).filter(|_| label.path.is_some()) {
                Some(file) => region(label.span, &file.text, &Lines::of(&file.text)),
                None => region(label.span, located.text, located.lines),
            };
            json!({ "id": id, "message": { "text": label.text }, "physicalLocation": location(path, region) })
        })
        .collect();
    let own = region(finding.primary.span, located.text, located.lines);
    let mut value = json!({
        "ruleId": finding.code.as_str(),
        "level": level(finding.severity),
        "message": { "text": text },
        "locations": [{ "physicalLocation": location(&report.path, own) }],
        "relatedLocations": related,
        "partialFingerprints": { "longshore/v1": fingerprint(report, finding, located) },
    });
    if let Some(index) = index {
        value["ruleIndex"] = json!(index);
    }
    if let Some(fix) = finding.fix.as_ref().filter(|fix| fix.applicability != Applicability::Displayed) {
        let replacements: Vec<Value> = fix
            .edits
            .iter()
            .map(|edit| {
                json!({
                    "deletedRegion": region(edit.span, located.text, located.lines),
                    "insertedContent": { "text": edit.text },
                })
            })
            .collect();
        value["fixes"] = json!([{
            "description": { "text": fix.title },
            "artifactChanges": [{
                "artifactLocation": { "uri": uri(&report.path) },
                "replacements": replacements,
            }],
        }]);
    }
    value
}

fn location(path: &str, region: Value) -> Value {
    json!({ "artifactLocation": { "uri": uri(path) }, "region": region })
}

fn region(span: Span, text: &str, lines: &Lines) -> Value {
    let (start, end) = (lines.position(text, span.start), lines.position(text, span.end));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// A relative reference: what is not allowed in one is escaped.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.trim_start_matches("./").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Stays the same when other lines move: rule, file and the marked text (FNV-1a).
fn fingerprint(report: &Report, finding: &Finding, located: Located<'_, '_>) -> String {
    let marked = finding.primary.span.of(located.text);
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in [finding.code.as_str(), &report.path, marked, &finding.message].join("\0").bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    format!("{hash:016x}")
}
