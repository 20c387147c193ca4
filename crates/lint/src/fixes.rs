//! Applies the fixes of findings to a text.

use crate::finding::{Applicability, Edit, Finding};

/// The text with all fixes up to `level` applied, and how many were. A fix that touches bytes
/// which another one has already changed is left for the next run.
#[must_use]
pub fn apply(text: &str, findings: &[Finding], level: Applicability) -> (String, usize) {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut applied = 0;
    for finding in findings {
        let Some(fix) = finding.fix.as_ref().filter(|fix| fix.applicability <= level) else { continue };
        let clear =
            fix.edits.iter().all(|edit| fits(text, edit) && !taken.iter().any(|other| clash(edit, other)));
        if clear {
            taken.extend(&fix.edits);
            applied += 1;
        }
    }
    taken.sort_by_key(|edit| (edit.span.start, edit.span.end));
    (splice(text, &taken), applied)
}

/// Gives the lines of all fixes the ending that the lines of `text` have.
pub(crate) fn end_lines_as(text: &str, findings: &mut [Finding]) {
    let of_windows = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
    let fixes = findings.iter_mut().filter_map(|finding| finding.fix.as_mut()).filter(|_| of_windows);
    for edit in fixes.flat_map(|fix| &mut fix.edits) {
        edit.text = edit.text.replace("\r\n", "\n").replace('\n', "\r\n");
    }
}

fn fits(text: &str, edit: &Edit) -> bool {
    text.get(edit.span.start..edit.span.end).is_some()
}

/// Two edits clash when they share a byte, or are insertions at one place.
fn clash(one: &Edit, other: &Edit) -> bool {
    let (a, b) = (one.span, other.span);
    a == b || (a.start < b.end && b.start < a.end)
}

fn splice(text: &str, edits: &[&Edit]) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.span.start).unwrap_or(""));
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(text.get(at..).unwrap_or(""));
    out
}
