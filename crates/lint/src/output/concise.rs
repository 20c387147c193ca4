//! One line for each finding: `path:line:column: severity[code] message`.

use super::{each, severity_word};
use crate::engine::Report;
use crate::file::Files;
use crate::finding::Applicability;

/// Renders the lines; `[*]` marks what `--fix` repairs.
pub(super) fn render(reports: &[Report], files: Files<'_>) -> String {
    let mut out = String::new();
    each(reports, files, |report, finding, located| {
        let start = located.start(finding);
        let fixable = finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe);
        out.push_str(&format!(
            "{}:{}:{}: {}[{}] {}{}\n",
            report.path,
            start.line,
            start.column,
            severity_word(finding.severity),
            finding.code,
            if fixable { "[*] " } else { "" },
            finding.message
        ));
    });
    out
}
