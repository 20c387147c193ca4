//! Small changes to TOML that somebody else wrote: the new bytes are put between theirs, and every
//! byte that was there stays where it was. The result is read again before it is given away.

use crate::codes;
use crate::toml_tree::{document, dotted, read, table, wrong_kind};
use diag::{Failure, Result};
use std::ops::Range;
use toml_edit::{Item, Value};

/// New bytes for a range of the old ones.
type Splice = (Range<usize>, String);

/// The text with an element added to a list of strings at its root.
///
/// # Errors
/// The text is not TOML, or the key holds something else than a list of strings.
pub(crate) fn add_to_list(file: &str, text: &str, key: &str, element: &str) -> Result<String> {
    let document = document(file, text)?;
    let element = Value::from(element).to_string();
    let Some(item) = document.as_table().get(key) else {
        return insert_at_root(file, text, &format!("{key} = [{element}]"));
    };
    let (Some(array), Some(span)) = (item.as_array(), item.span()) else {
        return Err(wrong_kind(file, key, "a list of strings"));
    };
    let splice = match array.iter().last().and_then(Value::span) {
        Some(last) => (last.end..last.end, format!(", {element}")),
        None => (span.start + 1..span.start + 1, element),
    };
    spliced(file, text, vec![splice])
}

/// The text with values set in the table below a path of keys, which is added at the end of the text
/// when there is none. Values are given as TOML.
///
/// # Errors
/// The text is not TOML, or the table is written in a way that nothing can be put into without
/// writing it anew, for example with dotted keys.
pub(crate) fn set(file: &str, text: &str, path: &[&str], wanted: &[(&str, String)]) -> Result<String> {
    let document = document(file, text)?;
    let item = path.iter().try_fold(document.as_item(), |item, key| item.get(key));
    let mut splices = Vec::new();
    let mut missing = Vec::new();
    for (key, value) in wanted {
        match item.and_then(|item| item.get(key)) {
            None => missing.push((*key, value.as_str())),
            Some(present) if says(present, value) => {}
            Some(present) => {
                let span = present.span().filter(|_| present.is_value());
                let span =
                    span.ok_or_else(|| wrong_kind(file, &dotted(&[path, &[key]].concat()), "a value"))?;
                splices.push((span, value.clone()));
            }
        }
    }
    if !missing.is_empty() {
        splices.push(insertion(text, item, path, &missing));
    }
    let after = spliced(file, text, splices)?;
    check(file, &after, path, wanted)
}

/// The text with a line at its root: after the last key there, which is before the first table.
///
/// # Errors
/// The text is not TOML, before or after.
pub(crate) fn insert_at_root(file: &str, text: &str, line: &str) -> Result<String> {
    let document = document(file, text)?;
    let values = document.as_table().iter().filter(|(_, item)| item.is_value());
    let last = values.filter_map(|(_, item)| item.span()).map(|span| span.end).max();
    let first_table =
        document.as_table().iter().filter_map(|(_, item)| item.span()).map(|span| span.start).min();
    let end = newline(text);
    let (at, line) = match (last, first_table) {
        (Some(last), _) => after_line(text, last, line),
        (None, Some(table)) => (start_of_line(text, table), format!("{line}{end}")),
        (None, None) => after_line(text, text.len(), line),
    };
    spliced(file, text, vec![(at..at, line)])
}

/// Where keys that a table lacks are put: below its header, inside its braces, or with a header of
/// its own at the end.
fn insertion(text: &str, item: Option<&Item>, path: &[&str], missing: &[(&str, &str)]) -> Splice {
    let pairs = missing.iter().map(|(key, value)| format!("{} = {value}", dotted(&[key])));
    let end = newline(text);
    if let Some((inline, span)) = item.and_then(|item| Some((item.as_inline_table()?, item.span()?))) {
        let pairs = pairs.collect::<Vec<_>>().join(", ");
        let after = if inline.is_empty() { " " } else { "," };
        return (span.start + 1..span.start + 1, format!(" {pairs}{after}"));
    }
    let header =
        item.and_then(Item::as_table).filter(|table| !table.is_implicit()).and_then(|table| table.span());
    if let Some(header) = header {
        let margin = margin(text, header.start) + "  ";
        let lines: Vec<String> = pairs.map(|pair| format!("{margin}{pair}")).collect();
        let (at, lines) = after_line(text, header.end, &lines.join(end));
        return (at..at, lines);
    }
    let lines: String = pairs.map(|pair| format!("{end}  {pair}")).collect();
    let (at, lines) = after_line(text, text.len(), &format!("{end}[{}]{lines}", dotted(path)));
    (at..at, lines)
}

/// Whether a value is the wanted one, however it is written.
fn says(present: &Item, wanted: &str) -> bool {
    let Ok(wanted) = wanted.parse::<Value>() else { return false };
    match (present.as_str(), wanted.as_str()) {
        (Some(present), Some(wanted)) => present == wanted,
        _ => present.as_bool().is_some() && present.as_bool() == wanted.as_bool(),
    }
}

/// The place after the line in which an offset lies, and the text of a line to put there.
fn after_line(text: &str, offset: usize, line: &str) -> (usize, String) {
    let end = newline(text);
    let rest = text.get(offset..).unwrap_or_default();
    match rest.find('\n') {
        Some(length) => (offset + length + 1, format!("{line}{end}")),
        None if text.is_empty() || (text.ends_with('\n') && rest.is_empty()) => {
            (text.len(), format!("{line}{end}"))
        }
        None => (text.len(), format!("{end}{line}")),
    }
}

fn start_of_line(text: &str, offset: usize) -> usize {
    text.get(..offset).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
}

/// The blanks before a place on its line.
fn margin(text: &str, offset: usize) -> String {
    let line = text.get(start_of_line(text, offset)..offset).unwrap_or_default();
    line.chars().take_while(|letter| letter.is_whitespace()).collect()
}

/// How the text ends its lines.
fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text.get(..at).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}

fn spliced(file: &str, text: &str, mut splices: Vec<Splice>) -> Result<String> {
    splices.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut after = text.to_owned();
    for (range, new) in splices {
        after.replace_range(range, &new);
    }
    document(file, &after).map_err(|_cause| rigid(file))?;
    Ok(after)
}

/// The text again, when it says what is wanted.
fn check(file: &str, after: &str, path: &[&str], wanted: &[(&str, String)]) -> Result<String> {
    let tree = read(file, after.as_bytes()).map_err(|_cause| rigid(file))?;
    let at = table(file, &tree, path)?;
    let has = |(key, value): &(&str, String)| {
        let wanted = read(file, format!("value = {value}").as_bytes()).ok();
        let wanted = wanted.as_ref().and_then(|tree| tree.get("value"));
        wanted.is_some() && at.and_then(|table| table.get(*key)) == wanted
    };
    if wanted.iter().all(has) { Ok(after.to_owned()) } else { Err(rigid(file)) }
}

fn rigid(file: &str) -> Failure {
    Failure::coded(
        codes::RIGID_TOML,
        format!("{file} is written so that nothing can be added without writing it anew"),
    )
    .hint("write its tables with headers, like [plugins.cri]; the file was left as it is")
}
