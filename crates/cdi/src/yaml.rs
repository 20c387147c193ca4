//! A small YAML emitter in the layout that the reference tools (Go's yaml.v3) write.

use std::fmt::Write as _;

/// A value to be written.
#[derive(Clone, Debug)]
pub(crate) enum Yaml<'a> {
    /// Left out together with its key.
    Absent,
    /// A string.
    Text(&'a str),
    /// A number.
    Number(i64),
    /// `true`.
    Flag,
    /// A list.
    List(Vec<Yaml<'a>>),
    /// A map, keys in the order in which they are written.
    Map(Vec<(&'a str, Yaml<'a>)>),
}

impl<'a> Yaml<'a> {
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(text)
    }

    pub(crate) fn optional(text: Option<&'a str>) -> Self {
        text.map_or(Self::Absent, Self::Text)
    }

    pub(crate) fn number(number: Option<i64>) -> Self {
        number.map_or(Self::Absent, Self::Number)
    }

    pub(crate) fn unless_zero(number: i64) -> Self {
        Self::number(Some(number).filter(|number| *number != 0))
    }

    pub(crate) fn texts(texts: &'a [String]) -> Self {
        Self::items(texts, |text| Self::Text(text))
    }

    pub(crate) fn items<T>(items: &'a [T], write: impl Fn(&'a T) -> Self) -> Self {
        Self::List(items.iter().map(write).collect()).unless_empty()
    }

    pub(crate) fn unless_empty(self) -> Self {
        match &self {
            Self::List(items) if items.is_empty() => Self::Absent,
            Self::Map(members) if members.is_empty() => Self::Absent,
            _ => self,
        }
    }

    /// The text of a document that consists of this map.
    pub(crate) fn document(&self) -> String {
        let mut out = String::from("---\n");
        if let Self::Map(members) = self {
            write_members(members, 0, false, &mut out);
        }
        out
    }
}

/// Where the next level starts: the next multiple of 4, also below a list item's keys.
fn deeper(indent: usize) -> usize {
    4 * ((indent + 4) / 4)
}

/// Writes the members of a map at `indent`; the first one goes on the line that is already begun when
/// the map is a list's item.
fn write_members(members: &[(&str, Yaml<'_>)], indent: usize, begun: bool, out: &mut String) {
    let present = members.iter().filter(|(_, value)| !matches!(value, Yaml::Absent));
    for (position, (key, value)) in present.enumerate() {
        if position > 0 || !begun {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        write_string(key, out);
        out.push(':');
        write_value(value, indent, out);
    }
}

fn write_value(value: &Yaml<'_>, indent: usize, out: &mut String) {
    match value {
        Yaml::List(items) if items.is_empty() => out.push_str(" []\n"),
        Yaml::List(items) => {
            out.push('\n');
            items.iter().for_each(|item| write_item(item, deeper(indent), out));
        }
        Yaml::Map(members) if members.iter().all(|(_, value)| matches!(value, Yaml::Absent)) => {
            out.push_str(" {}\n");
        }
        Yaml::Map(members) => {
            out.push('\n');
            write_members(members, deeper(indent), false, out);
        }
        scalar => {
            out.push(' ');
            write_scalar(scalar, out);
        }
    }
}

fn write_item(item: &Yaml<'_>, indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
    out.push_str("- ");
    match item {
        Yaml::Map(members) => write_members(members, indent + 2, true, out),
        scalar => write_scalar(scalar, out),
    }
}

fn write_scalar(scalar: &Yaml<'_>, out: &mut String) {
    match scalar {
        Yaml::Text(text) => write_string(text, out),
        Yaml::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Yaml::Flag => out.push_str("true"),
        Yaml::Absent | Yaml::List(_) | Yaml::Map(_) => {}
    }
    out.push('\n');
}

/// Writes a string: plain where every YAML reader takes it for a string, double-quoted where it looks
/// like something else, single-quoted where only its characters forbid the plain form.
fn write_string(text: &str, out: &mut String) {
    if text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}'))
    {
        write_double_quoted(text, out);
    } else if is_other_type(text) {
        let _ = write!(out, "\"{text}\"");
    } else if is_plain(text) {
        out.push_str(text);
    } else {
        let _ = write!(out, "'{}'", text.replace('\'', "''"));
    }
}

fn write_double_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || !c.is_ascii() => {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Whether a YAML 1.1 or 1.2 reader takes the plain text for a number, truth value, null, date or merge key.
fn is_other_type(text: &str) -> bool {
    const WORDS: &[&str] =
        &["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "<<", "=", ".nan", ".inf"];
    let lower = text.to_ascii_lowercase();
    let unsigned = lower.strip_prefix(['+', '-']).unwrap_or(&lower);
    WORDS.contains(&lower.as_str())
        || WORDS[13..].contains(&unsigned)
        || is_number(unsigned)
        || is_date(&lower)
}

fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let prefixed = |prefix: &str, radix: u32| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c == '_' || c.is_digit(radix)))
    };
    // `1:20` is a number to the base of 60 in YAML 1.1.
    let sexagesimal = text.contains(':') && text.split(':').all(|part| digits(&part.replacen('.', "", 1)));
    let plain = text.replace('_', "");
    let float = plain.starts_with(|c: char| c.is_ascii_digit() || c == '.') && plain.parse::<f64>().is_ok();
    digits(text) || sexagesimal || float || prefixed("0x", 16) || prefixed("0o", 8) || prefixed("0b", 2)
}

fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let number = |part: Option<&str>, lengths: &[usize]| {
        part.is_some_and(|part| lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
    };
    number(parts.next(), &[4])
        && number(parts.next(), &[1, 2])
        && parts.next().is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_plain(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| !"-?:,[]{}#&*!|>'\"%@` ".contains(c))
        || (text.len() > 1
            && text.starts_with(['-', '?', ':'])
            && !text[1..].starts_with([' ', ',', '[', ']', '{', '}']));
    starts_well
        && text != "---"
        && !text.starts_with("--- ")
        && text != "..."
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
}
