//! Findings and failures as JSON for machines.

use crate::{Failure, Finding, Severity};
use serde_json::{Value, json};

/// Version of the documents made here. It is raised when a field changes its meaning or goes; new
/// fields may come at any time.
pub const SCHEMA: u32 = 1;

/// `{"schema", "tool", "findings": [...], "summary": {"errors", "warnings", "notes"}}` with a
/// final newline.
#[must_use]
pub fn findings(tool: &str, findings: &[Finding]) -> String {
    let number = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    document(&json!({
        "schema": SCHEMA,
        "tool": tool,
        "findings": findings,
        "summary": {
            "errors": number(Severity::Error),
            "warnings": number(Severity::Warning),
            "notes": number(Severity::Note),
        },
    }))
}

/// `{"schema", "tool", "failure": {"message", "code", "hint"}}` with a final newline; absent parts
/// are `null`.
#[must_use]
pub fn failure(tool: &str, failure: &Failure) -> String {
    document(&json!({
        "schema": SCHEMA,
        "tool": tool,
        "failure": {"message": failure.chain(), "code": failure.code(), "hint": failure.first_hint()},
    }))
}

fn document(value: &Value) -> String {
    format!("{value:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    const CODE: Code = Code::new("H301");

    #[test]
    fn findings_are_counted_and_empty_lists_left_out() {
        let list =
            [Finding::new(CODE, Severity::Error, "x").evidence("y"), Finding::new(CODE, Severity::Note, "z")];
        let text = findings("doctor", &list);
        assert!(text.ends_with("}\n"));
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            json!({
                "schema": 1, "tool": "doctor",
                "findings": [
                    {"code": "H301", "severity": "error", "message": "x", "evidence": ["y"]},
                    {"code": "H301", "severity": "note", "message": "z"},
                ],
                "summary": {"errors": 1, "warnings": 0, "notes": 1},
            })
        );
    }

    #[test]
    fn a_failure_keeps_code_and_hint() {
        let given = Failure::coded(CODE, "a").hint("h").context("b");
        let value: Value = serde_json::from_str(&failure("x", &given)).unwrap();
        assert_eq!(value["failure"], json!({"message": "b: a", "code": "H301", "hint": "h"}));
        let bare: Value = serde_json::from_str(&failure("x", &Failure::new("a"))).unwrap();
        assert_eq!(bare["failure"]["code"], Value::Null);
    }
}
