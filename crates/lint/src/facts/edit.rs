//! Edits that rules share.

use crate::finding::Edit;
use crate::text::Span;

/// Removes a word of a command with the blanks before it; with its whole line when it stands alone
/// on one that is continued.
pub(crate) fn remove_word(text: &str, word: Span) -> Edit {
    let line_start = text[..word.start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[word.end..].find('\n').map_or(text.len(), |at| word.end + at);
    let before = text.get(line_start..word.start).unwrap_or("");
    let after = text.get(word.end..line_end).unwrap_or("").trim();
    if before.trim().is_empty() && matches!(after, "\\" | "`") && line_end < text.len() {
        return Edit::new(Span::new(line_start, line_end + 1), "");
    }
    let blanks = before.len() - before.trim_end().len();
    Edit::new(Span::new(word.start - blanks, word.end), "")
}

/// Appends text to a value as written: inside its closing double quote. `None` in single quotes.
pub(crate) fn append(raw: &str, span: Span, addition: &str) -> Option<Edit> {
    if raw.starts_with('\'') {
        return None;
    }
    let end =
        if raw.len() > 1 && raw.starts_with('"') && raw.ends_with('"') { span.end - 1 } else { span.end };
    Some(Edit::new(Span::new(end, end), addition))
}
