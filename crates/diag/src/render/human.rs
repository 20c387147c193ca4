//! Findings and failures as text for people.

use crate::{Failure, Finding, Severity};

/// A failure as an `error:` line with its code, the causes and the hint below.
#[must_use]
pub fn failure(failure: &Failure) -> String {
    let code = failure.code().map(|code| format!("[{code}]")).unwrap_or_default();
    let mut text = format!("error{code}: {}\n", failure.chain());
    if let Some(hint) = failure.first_hint() {
        text.push_str(&format!("  = help: {hint}\n"));
    }
    text
}

/// A finding in the layout of rustc: header, then notes and help.
#[must_use]
pub fn finding(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut text = format!("{severity}[{}]: {}\n", finding.code, finding.message);
    for line in &finding.evidence {
        text.push_str(&format!("  = note: {line}\n"));
    }
    for line in &finding.help {
        text.push_str(&format!("  = help: {line}\n"));
    }
    text
}
