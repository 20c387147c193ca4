//! Frames with the source, in the way of rustc.

use crate::engine::Report;
use crate::file::Files;
use crate::finding::{Applicability, Finding, Label};
use crate::text::in_view;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use diag::Severity;
use std::ops::Range;

/// Renders one frame for each finding.
pub(super) fn render(reports: &[Report], files: Files<'_>, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for report in reports {
        let text = files.get(&report.path).map_or("", |file| file.text.as_str());
        for finding in &report.findings {
            out.push_str(&renderer.render(&[group(finding, &report.path, text, files)]));
            out.push_str("\n\n");
        }
    }
    out
}

fn group<'a>(finding: &'a Finding, path: &'a str, text: &'a str, files: Files<'a>) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let own = finding.secondary.iter().filter(|label| label.path.is_none());
    let mut snippet = Snippet::source(in_view(text)).line_start(1).path(path).annotation(annotation(
        AnnotationKind::Primary,
        &finding.primary,
        text,
    ));
    for label in own {
        snippet = snippet.annotation(annotation(AnnotationKind::Context, label, text));
    }
    let mut group = level.primary_title(finding.message.as_str()).id(finding.code.as_str()).element(snippet);
    for label in &finding.secondary {
        let other = label.path.as_deref().and_then(|path| files.get(path));
        if let Some(file) = other {
            let place = annotation(AnnotationKind::Context, label, &file.text);
            group = group.element(
                Snippet::source(in_view(&file.text)).line_start(1).path(file.path.as_str()).annotation(place),
            );
        }
    }
    for note in &finding.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for help in &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    match &finding.fix {
        Some(fix) if fix.applicability != Applicability::Displayed => {
            let option = if fix.applicability == Applicability::Safe { "--fix" } else { "--unsafe-fixes" };
            group.element(Level::HELP.message(format!("`{option}` will {}", fix.title)))
        }
        _ => group,
    }
}

fn annotation<'a>(kind: AnnotationKind, label: &'a Label, text: &str) -> Annotation<'a> {
    let annotation = kind.span(range(label, text));
    if label.text.is_empty() { annotation } else { annotation.label(label.text.as_str()) }
}

/// A range within the text, on boundaries of characters; the renderer would panic on others.
fn range(label: &Label, text: &str) -> Range<usize> {
    let inside = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (inside(label.span.start), inside(label.span.end));
    let unseen = text.len() - in_view(text).len();
    start.saturating_sub(unseen)..end.max(start).saturating_sub(unseen)
}
