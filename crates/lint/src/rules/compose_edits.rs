//! Edits of YAML that several rules make.

use crate::text::Span;
use crate::yaml::Entry;

/// The bytes to take out so that an entry of a mapping is gone and the rest stays as it is: whole
/// lines in block style, with the comment at the end of the line; up to the next key elsewhere.
/// `None` when it is the only entry, which would leave nothing.
pub(crate) fn removal(text: &str, own: &[Entry<'_>], index: usize) -> Option<Span> {
    let entry = own.get(index)?;
    if own.len() < 2 {
        return None;
    }
    let start = entry.key.place().start;
    let end = end_of(text, entry);
    let line = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    if text.get(line..start)?.bytes().all(|byte| byte == b' ') {
        let rest = text.get(end..)?;
        let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let tail = rest.get(..length)?.trim();
        if tail.is_empty() || tail.starts_with('#') {
            return Some(Span::new(line, blank_lines(text, line, end + length)));
        }
    }
    match own.get(index + 1) {
        Some(next) => Some(Span::new(start, next.key.place().start)),
        None => {
            let before = own.get(index.checked_sub(1)?)?;
            Some(Span::new(end_of(text, before), end))
        }
    }
}

/// The end of an entry; one without a value ends after its colon.
fn end_of(text: &str, entry: &Entry<'_>) -> usize {
    let key = entry.key.place().end;
    let rest = text.get(key..).unwrap_or("");
    let blanks = rest.len() - rest.trim_start_matches(' ').len();
    let colon = if rest[blanks..].starts_with(':') { key + blanks + 1 } else { key };
    entry.value.place().end.max(colon)
}

/// The end of what is taken out: at the top of a file the blank lines that follow go too.
fn blank_lines(text: &str, start: usize, end: usize) -> usize {
    let at_top = text.get(..start).is_some_and(|before| before.trim().is_empty());
    let rest = text.get(end..).unwrap_or("");
    if at_top { end + (rest.len() - rest.trim_start_matches(['\n', '\r']).len()) } else { end }
}
