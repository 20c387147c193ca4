//! Renderers of reports, one file per format. They give strings; nothing is printed here.

mod concise;
mod full;
mod github;
mod json;
mod sarif;
#[cfg(test)]
mod tests;

use crate::engine::Report;
use crate::file::Files;
use crate::finding::{Applicability, Finding};
use crate::text::{Lines, Position};
use diag::Severity;

/// Output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Frames with the source, in the way of rustc.
    Full,
    /// One line for each finding: `path:line:column: severity[code] message`.
    Concise,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
}

impl Format {
    /// Every format by its name on the command line.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("full", Self::Full),
        ("concise", Self::Concise),
        ("json", Self::Json),
        ("sarif", Self::Sarif),
        ("github", Self::Github),
    ];

    /// The format with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }
}

/// Renders the reports; `files` holds their texts.
#[must_use]
pub fn render(format: Format, reports: &[Report], files: Files<'_>, colour: bool) -> String {
    match format {
        Format::Full => full::render(reports, files, colour),
        Format::Concise => concise::render(reports, files),
        Format::Json => json::render(reports, files),
        Format::Sarif => sarif::render(reports, files),
        Format::Github => github::render(reports, files),
    }
}

/// The line that ends a run for people: how many of what, and what can be repaired.
#[must_use]
pub fn summary(reports: &[Report]) -> String {
    let all = || reports.iter().flat_map(|report| &report.findings);
    let count = |severity: Severity| all().filter(|finding| finding.severity == severity).count();
    let parts: Vec<String> =
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
            .into_iter()
            .filter_map(|(severity, word)| match count(severity) {
                0 => None,
                1 => Some(format!("1 {word}")),
                many => Some(format!("{many} {word}s")),
            })
            .collect();
    if parts.is_empty() {
        let files = reports.len();
        return format!("nothing found in {files} file{}\n", if files == 1 { "" } else { "s" });
    }
    let fixable = |level: Applicability| {
        all().filter(|finding| finding.fix.as_ref().is_some_and(|fix| fix.applicability == level)).count()
    };
    let mut line = format!("found {}", parts.join(", "));
    match (fixable(Applicability::Safe), fixable(Applicability::Unsafe)) {
        (0, 0) => {}
        (safe, 0) => line.push_str(&format!("; {safe} fixable with `--fix`")),
        (0, more) => line.push_str(&format!("; {more} fixable with `--unsafe-fixes`")),
        (safe, more) => {
            line.push_str(&format!("; {safe} fixable with `--fix`, {more} more with `--unsafe-fixes`"))
        }
    }
    line.push('\n');
    line
}

fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Every finding with its report, the text of its file and that text's lines.
fn each<'a>(
    reports: &'a [Report],
    files: Files<'a>,
    mut show: impl FnMut(&'a Report, &'a Finding, Located<'_, 'a>),
) {
    for report in reports.iter().filter(|report| !report.findings.is_empty()) {
        let text = files.get(&report.path).map_or("", |file| file.text.as_str());
        let lines = Lines::of(text);
        for finding in &report.findings {
            show(report, finding, Located { text, lines: &lines });
        }
    }
}

/// A text with its lines.
#[derive(Clone, Copy)]
struct Located<'l, 'a> {
    text: &'a str,
    lines: &'l Lines,
}

impl Located<'_, '_> {
    fn start(&self, finding: &Finding) -> Position {
        self.lines.position(self.text, finding.primary.span.start)
    }

    fn end(&self, finding: &Finding) -> Position {
        self.lines.position(self.text, finding.primary.span.end)
    }
}
