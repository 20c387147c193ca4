//! Values put into the text of a JSON file. Nothing else in it changes, not even a blank; what is added
//! looks like what stands around it.

use super::document::options;
use jsonc_parser::CollectOptions;
use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;

/// What is put in.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Text(String),
    True,
    EmptyList,
    Table(Vec<(String, Self)>),
}

/// The text with a value below a path of keys; tables that are missing on the way, or `null`, are made.
/// `None` where the text has no outermost object, or something else is in the way.
pub(super) fn set(text: &str, path: &[&str], value: &Json) -> Option<String> {
    let parsed = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &options(true)).ok()?;
    let Some(Value::Object(root)) = &parsed.value else { return None };
    let layout = Layout::of(text, root);
    let (mut table, mut path) = (root, path);
    while let Some((key, rest)) = path.split_first() {
        let Some(property) = table.properties.iter().find(|property| property.name.as_str() == *key) else {
            return Some(layout.with_property(table, key, &below(rest, value)));
        };
        match &property.value {
            Value::Object(inner) if !rest.is_empty() => (table, path) = (inner, rest),
            old if rest.is_empty() || matches!(old, Value::NullKeyword(_)) => {
                return Some(layout.with_value(property, &below(rest, value)));
            }
            _ => return None,
        }
    }
    None
}

/// The value inside the tables of these keys.
fn below(path: &[&str], value: &Json) -> Json {
    path.iter().rev().fold(value.clone(), |inner, key| Json::Table(vec![((*key).to_owned(), inner)]))
}

/// How a file is laid out.
struct Layout<'a> {
    text: &'a str,
    line_end: &'static str,
    /// What one more level stands farther from the margin.
    unit: &'a str,
    /// Whether the outermost object has a line for each property.
    in_lines: bool,
}

impl<'a> Layout<'a> {
    fn of(text: &'a str, root: &Object<'_>) -> Self {
        let first = root.properties.first().and_then(|first| margin(text, first.start()));
        Self {
            text,
            line_end: if text.contains("\r\n") { "\r\n" } else { "\n" },
            unit: first.filter(|unit| !unit.is_empty()).unwrap_or("    "),
            in_lines: first.is_some(),
        }
    }

    fn with_value(&self, property: &ObjectProp<'_>, value: &Json) -> String {
        let (start, end) = (property.value.start(), property.value.end());
        let written = match margin(self.text, property.start()) {
            Some(margin) => self.in_lines(value, margin),
            None => on_one_line(value),
        };
        [self.part(0, start), &written, self.part(end, self.text.len())].concat()
    }

    fn with_property(&self, table: &Object<'_>, key: &str, value: &Json) -> String {
        match (table.properties.first(), table.properties.last()) {
            (Some(first), Some(last)) => self.after(table, first, last, key, value),
            _ => self.in_empty(table, key, value),
        }
    }

    /// After the last property and what is remarked on its line.
    fn after(
        &self,
        table: &Object<'_>,
        first: &ObjectProp<'_>,
        last: &ObjectProp<'_>,
        key: &str,
        value: &Json,
    ) -> String {
        let (end, close) = (last.end(), table.end().saturating_sub(1));
        let comma = Remarks::between(self.text, end, close).comma;
        let remarks = Remarks::on_line(self.text, comma.map_or(end, |at| at + 1), close);
        let own = margin(self.text, first.start());
        let property = match own {
            Some(margin) => {
                format!("{}{margin}{}: {}", self.line_end, quoted(key), self.in_lines(value, margin))
            }
            None if remarks.open => format!("{}{}: {}", self.line_end, quoted(key), on_one_line(value)),
            None => format!(" {}: {}", quoted(key), on_one_line(value)),
        };
        let (before, after) = if comma.is_some() { ("", ",") } else { (",", "") };
        let rest = self.part(remarks.end, self.text.len());
        [self.part(0, end), before, self.part(end, remarks.end), &property, after, rest].concat()
    }

    fn in_empty(&self, table: &Object<'_>, key: &str, value: &Json) -> String {
        let (start, close) = (table.start() + 1, table.end().saturating_sub(1));
        let remarks = Remarks::between(self.text, start, close);
        let rest = self.part(remarks.end, close);
        let closing = line_margin(self.text, table.start());
        let inside = if self.in_lines || self.part(start, close).contains('\n') {
            let margin = format!("{closing}{}", self.unit);
            let end = if rest.contains('\n') { String::new() } else { format!("{}{closing}", self.line_end) };
            format!("{}{margin}{}: {}{end}", self.line_end, quoted(key), self.in_lines(value, &margin))
        } else {
            format!("{}: {}", quoted(key), on_one_line(value))
        };
        [self.part(0, remarks.end), &inside, rest, self.part(close, self.text.len())].concat()
    }

    fn in_lines(&self, value: &Json, margin: &str) -> String {
        let Json::Table(properties) = value else { return on_one_line(value) };
        let inner = format!("{margin}{}", self.unit);
        let lines = properties
            .iter()
            .map(|(key, value)| format!("{inner}{}: {}", quoted(key), self.in_lines(value, &inner)));
        let lines = lines.collect::<Vec<_>>().join(&format!(",{}", self.line_end));
        format!("{{{0}{lines}{0}{margin}}}", self.line_end)
    }

    fn part(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }
}

/// What stands between two places besides blanks.
struct Remarks {
    /// Where the last of it ends; the first place when there is none.
    end: usize,
    /// Where a comma is.
    comma: Option<usize>,
    /// Whether the last of it lasts to the end of its line.
    open: bool,
}

impl Remarks {
    fn between(text: &str, start: usize, close: usize) -> Self {
        Self::read(text, start, close, false)
    }

    fn on_line(text: &str, start: usize, close: usize) -> Self {
        Self::read(text, start, close, true)
    }

    fn read(text: &str, start: usize, close: usize, one_line: bool) -> Self {
        let mut found = Self { end: start, comma: None, open: false };
        let mut at = start;
        while let Some(rest) = text.get(at..close).filter(|rest| !rest.is_empty()) {
            let length = if rest.starts_with("//") {
                rest.find(['\n', '\r']).unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                let letter = rest.chars().next().unwrap_or_default();
                if letter == ',' && !one_line {
                    found.comma = found.comma.or(Some(at));
                } else if !letter.is_whitespace() || (one_line && letter == '\n') {
                    break;
                }
                at += letter.len_utf8();
                continue;
            };
            found.open = rest.starts_with("//");
            at += length;
            found.end = at;
        }
        found
    }
}

/// The blanks before a place, when there is nothing else before it on its line.
fn margin(text: &str, place: usize) -> Option<&str> {
    let before = text.get(..place)?;
    let line = before.get(before.rfind('\n')? + 1..)?;
    line.trim().is_empty().then_some(line)
}

/// The blanks at the beginning of the line of a place.
fn line_margin(text: &str, place: usize) -> &str {
    let before = text.get(..place).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.get(..line.len() - line.trim_start().len()).unwrap_or_default()
}

fn on_one_line(value: &Json) -> String {
    match value {
        Json::Text(text) => quoted(text),
        Json::True => "true".to_owned(),
        Json::EmptyList => "[]".to_owned(),
        Json::Table(properties) => {
            let pairs =
                properties.iter().map(|(key, value)| format!("{}: {}", quoted(key), on_one_line(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A JSON string. Control characters were refused before.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_looks_like_what_stands_around_it() {
        let table = Json::Table(vec![
            ("p".to_owned(), Json::Text("x".to_owned())),
            ("q".to_owned(), Json::EmptyList),
        ]);
        for (text, path, expected) in [
            ("{\"a\":1}", &["k"][..], "{\"a\":1, \"k\": {\"p\": \"x\", \"q\": []}}"),
            ("{\t\"a\": 1\t}", &["k"], "{\t\"a\": 1, \"k\": {\"p\": \"x\", \"q\": []}\t}"),
            ("{\"a\":1 // c\n}", &["k"], "{\"a\":1, // c\n\"k\": {\"p\": \"x\", \"q\": []}\n}"),
            ("{\"a\":1 /* c */ , }", &["k"], "{\"a\":1 /* c */ , \"k\": {\"p\": \"x\", \"q\": []}, }"),
            ("{}", &["k"], "{\"k\": {\"p\": \"x\", \"q\": []}}"),
            ("{ /* c */ }", &["k"], "{ /* c */\"k\": {\"p\": \"x\", \"q\": []} }"),
            (
                "{\n \"a\": 1, // one\n \"b\": {} // two\n // end\n}\n",
                &["k"],
                "{\n \"a\": 1, // one\n \"b\": {}, // two\n \"k\": {\n  \"p\": \"x\",\n  \"q\": []\n }\n // end\n}\n",
            ),
            (
                "{\n  \"b\": {}\n}",
                &["b", "k"],
                "{\n  \"b\": {\n    \"k\": {\n      \"p\": \"x\",\n      \"q\": []\n    }\n  }\n}",
            ),
            (
                "{\n  \"b\": {\n    // none\n  }\n}",
                &["b", "k"],
                "{\n  \"b\": {\n    // none\n    \"k\": {\n      \"p\": \"x\",\n      \"q\": []\n    }\n  }\n}",
            ),
            ("{\"b\": null, \"c\": 1}", &["b", "k"], "{\"b\": {\"k\": {\"p\": \"x\", \"q\": []}}, \"c\": 1}"),
            ("{\"b\": {\"k\": 7}}", &["b", "k"], "{\"b\": {\"k\": {\"p\": \"x\", \"q\": []}}}"),
        ] {
            assert_eq!(set(text, path, &table).as_deref(), Some(expected), "{text}");
        }
        for text in ["[]", "7", "", "// c\n", "{\"b\": 1}", "{"] {
            assert_eq!(set(text, &["b", "k"], &table), None, "{text}");
        }
    }
}
