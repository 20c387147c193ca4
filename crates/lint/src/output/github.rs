//! Workflow commands of GitHub Actions: annotations on the lines of a pull request.

use super::each;
use crate::engine::Report;
use crate::file::Files;
use diag::Severity;

/// Renders one command for each finding.
pub(super) fn render(reports: &[Report], files: Files<'_>) -> String {
    let mut out = String::new();
    each(reports, files, |report, finding, located| {
        let (start, end) = (located.start(finding), located.end(finding));
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let columns = if start.line == end.line {
            format!(",col={},endColumn={}", start.column, end.column)
        } else {
            String::new()
        };
        let mut message = finding.message.clone();
        for text in finding.notes.iter().chain(&finding.help) {
            message.push('\n');
            message.push_str(text);
        }
        out.push_str(&format!(
            "::{command} file={},line={},endLine={}{columns},title={}::{}\n",
            property(&report.path),
            start.line,
            end.line,
            property(&format!("{} ({})", finding.code, finding.name)),
            data(&message)
        ));
    });
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
