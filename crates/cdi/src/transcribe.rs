//! YAML text to JSON text, so that one typed reader does for both: a second one, made for YAML, would
//! be a third of the program that starts containers.
//!
//! Values are told apart as the engines' parser (Go, YAML 1.1) does with the types of a specification
//! in hand: under keys that hold numbers a plain `0660` is octal, everywhere else plain text is a
//! string, so that a device may be called `0` or `yes` without quotes. Each value stays on its line.

use granit_parser::{Event, Parser, ScalarStyle, Tag};
use std::ops::Range;

/// Keys whose values, or the items of whose lists, are numbers.
const NUMBERS: &[&str] = &["major", "minor", "fileMode", "uid", "gid", "timeout", "additionalGids"];
/// Keys whose values are truth values.
const FLAGS: &[&str] = &["enableMonitoring", "enableCMT", "enableMBM"];

/// Most JSON that a file may become: aliases can repeat what they stand for any number of times.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The JSON text of a YAML document.
///
/// Its errors say what is wrong and in which line.
pub(crate) fn to_json(text: &str) -> Result<String, String> {
    let mut writer = Writer::default();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|cause| {
            let problem = cause.info().lines().next().unwrap_or_default().to_owned();
            format!("invalid YAML: {problem} at line {}", cause.marker().line())
        })?;
        let line = span.start.line();
        writer.take(event, line).map_err(|problem| format!("invalid YAML: {problem} at line {line}"))?;
        if writer.out.len() > MAX_BYTES {
            return Err("the document is too large once its aliases are resolved".to_owned());
        }
    }
    Ok(writer.out)
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Line of the JSON text, kept equal to that of the YAML text where possible.
    line: usize,
    open: Vec<Collection>,
    documents: usize,
    /// Anchors and what of the JSON text they stand for.
    anchors: Vec<(usize, Range<usize>)>,
}

struct Collection {
    is_map: bool,
    /// Keys and values, or items, so far.
    count: usize,
    /// The key whose value is next; for a list the key that it stands under.
    key: String,
    anchor: usize,
    start: usize,
}

impl Writer {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), String> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err("more than one document".to_owned());
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.begin(line)?;
                let start = self.out.len();
                self.scalar(&text, style, tag.as_deref())?;
                self.end(anchor, start);
            }
            Event::MappingStart(_, anchor, tag) => self.collection(true, anchor, tag.as_deref(), line)?,
            Event::SequenceStart(_, anchor, tag) => self.collection(false, anchor, tag.as_deref(), line)?,
            Event::MappingEnd | Event::SequenceEnd => self.close(),
            Event::Alias(anchor) => {
                self.begin(line)?;
                if self.at_key() {
                    return Err("an alias cannot be a key".to_owned());
                }
                let known = self.anchors.iter().find(|(known, _)| *known == anchor);
                let (_, range) = known.cloned().ok_or("an alias stands inside its own anchor")?;
                self.out.extend_from_within(range);
                self.count();
            }
            _ => {}
        }
        Ok(())
    }

    /// Separators before a node.
    fn begin(&mut self, line: usize) -> Result<(), String> {
        if let Some(collection) = self.open.last() {
            match (collection.is_map, collection.count % 2, collection.count) {
                (true, 1, _) => self.out.push(':'),
                (_, _, 0) => {}
                _ => self.out.push(','),
            }
        } else if !self.out.is_empty() {
            return Err("more than one value".to_owned());
        }
        while self.line + 1 < line {
            self.out.push('\n');
            self.line += 1;
        }
        Ok(())
    }

    fn collection(
        &mut self,
        is_map: bool,
        anchor: usize,
        tag: Option<&Tag>,
        line: usize,
    ) -> Result<(), String> {
        self.begin(line)?;
        if self.at_key() {
            return Err("a key is not plain text".to_owned());
        }
        if let Some(tag) = tag.filter(|tag| !["map", "seq"].contains(&tag.suffix())) {
            return Err(format!("unsupported tag {tag}"));
        }
        let key = self.open.last().map(|outer| outer.key.clone()).unwrap_or_default();
        self.open.push(Collection { is_map, count: 0, key, anchor, start: self.out.len() });
        self.out.push(if is_map { '{' } else { '[' });
        Ok(())
    }

    fn close(&mut self) {
        if let Some(collection) = self.open.pop() {
            self.out.push(if collection.is_map { '}' } else { ']' });
            self.end(collection.anchor, collection.start);
        }
    }

    fn end(&mut self, anchor: usize, start: usize) {
        if anchor != 0 {
            self.anchors.push((anchor, start..self.out.len()));
        }
        self.count();
    }

    fn count(&mut self) {
        if let Some(collection) = self.open.last_mut() {
            collection.count += 1;
        }
    }

    fn at_key(&self) -> bool {
        self.open.last().is_some_and(|collection| collection.is_map && collection.count % 2 == 0)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<(), String> {
        if let Some(tag) = tag.filter(|tag| !["str", "int", "bool", "null"].contains(&tag.suffix())) {
            return Err(format!("unsupported tag {tag}"));
        }
        if self.at_key() {
            if let Some(collection) = self.open.last_mut() {
                text.clone_into(&mut collection.key);
            }
            self.string(text);
            return Ok(());
        }
        let is_plain = style == ScalarStyle::Plain && tag.is_none_or(|tag| tag.suffix() != "str");
        let key = self.open.last().map(|collection| collection.key.as_str()).unwrap_or_default();
        match is_plain.then(|| plain(text, key)).flatten() {
            Some(value) => self.out.push_str(&value),
            None => self.string(text),
        }
        Ok(())
    }

    fn string(&mut self, text: &str) {
        // A string has no part that JSON cannot hold.
        self.out.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

/// The JSON value of plain text that is not a string under its key.
fn plain(text: &str, key: &str) -> Option<String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some("null".to_owned()),
        "true" | "True" | "TRUE" | "yes" | "on" if FLAGS.contains(&key) => return Some("true".to_owned()),
        "false" | "False" | "FALSE" | "no" | "off" if FLAGS.contains(&key) => {
            return Some("false".to_owned());
        }
        _ => {}
    }
    NUMBERS.contains(&key).then(|| number(text)).flatten().map(|number| number.to_string())
}

/// An integer as Go's `strconv.ParseInt` takes it with base 0.
fn number(text: &str) -> Option<i64> {
    let text = text.replace('_', "");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    let (radix, digits) = match digits.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return None;
    }
    i64::from_str_radix(digits, radix).ok()?.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_apart_by_their_keys() {
        let cases = [
            ("name: 0", r#"{"name":"0"}"#),
            ("name: yes", r#"{"name":"yes"}"#),
            ("name: ~", r#"{"name":null}"#),
            ("name: '~'", r#"{"name":"~"}"#),
            ("major: 195", r#"{"major":195}"#),
            ("fileMode: 0660", r#"{"fileMode":432}"#),
            ("fileMode: 0o660", r#"{"fileMode":432}"#),
            ("minor: '1'", r#"{"minor":"1"}"#),
            ("major: -0x1_0", r#"{"major":-16}"#),
            ("major: 09", r#"{"major":"09"}"#),
            ("additionalGids: [44, 0x6a]", r#"{"additionalGids":[44,106]}"#),
            ("enableCMT: true", r#"{"enableCMT":true}"#),
            ("a: !!str 1", r#"{"a":"1"}"#),
            ("args: [--x, \"a\\tb\"]", r#"{"args":["--x","a\tb"]}"#),
            ("{}", "{}"),
            ("[]", "[]"),
        ];
        for (yaml, json) in cases {
            assert_eq!(to_json(yaml).as_deref(), Ok(json), "{yaml}");
        }
    }

    #[test]
    fn lines_and_aliases() {
        assert_eq!(
            to_json("---\na: &x\n  b: 1\nc: *x\n").as_deref(),
            Ok("\n{\"a\":\n{\"b\":\"1\"},\n\"c\":{\"b\":\"1\"}}")
        );
        assert_eq!(
            to_json("a: &x [*x]").unwrap_err(),
            "invalid YAML: an alias stands inside its own anchor at line 1"
        );
    }

    #[test]
    fn what_cannot_be_a_specification_is_refused() {
        let cases = [
            ("a: [\n", "invalid YAML"),
            ("a: 1\n---\nb: 2\n", "more than one document at line"),
            ("? [a]\n: b\n", "a key is not plain text at line 1"),
            ("a: !!binary aGk=\n", "unsupported tag"),
            ("a: *x\n", "invalid YAML"),
        ];
        for (yaml, problem) in cases {
            let found = to_json(yaml).expect_err(yaml);
            assert!(found.contains(problem), "{yaml}: {found}");
        }
        let mut bomb = String::from("a0: &a0 [xxxxxxxxxxxxxxxx]\n");
        for level in 1..40 {
            bomb.push_str(&format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1));
        }
        assert!(to_json(&bomb).expect_err("a bomb").contains("too large"));
    }
}
