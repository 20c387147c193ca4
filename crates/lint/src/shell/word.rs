//! Words: their parts, and their text when variables are known.

use crate::text::Span;

/// Fields longer than this are not followed: each assignment could double them.
const LONGEST: usize = 64 * 1024;

/// A word of a command.
#[derive(Clone, Debug, Default)]
pub struct Word {
    /// The parts in order.
    pub parts: Vec<Part>,
    /// Its place in the file, quotes included.
    pub span: Span,
    /// Whether it stands in the file in one piece (no line continuation within it).
    pub contiguous: bool,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text, quotes and escapes taken off.
    Text {
        /// The text.
        text: String,
        /// Whether it was quoted or escaped.
        quoted: bool,
    },
    /// `$NAME` or `${NAME...}`.
    Variable {
        /// The name.
        name: String,
        /// What follows the name inside braces, for example `:-default`.
        modifier: String,
        /// Whether it stands within double quotes.
        quoted: bool,
    },
    /// A command or process substitution, arithmetic: not known.
    Unknown,
}

impl Word {
    /// The text when no part depends on anything.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }

    /// The text when the word is one unquoted piece: where keywords of the shell are recognised.
    #[must_use]
    pub fn bare(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Text { text, quoted: false }] => Some(text),
            _ => None,
        }
    }

    /// The literal text with which the word begins.
    #[must_use]
    pub fn literal_start(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text { text, .. }) => text,
            _ => "",
        }
    }

    /// The fields that the word becomes, `None` for what is not known. A variable outside of
    /// quotes is split at blanks, as the shell does.
    pub fn fields(&self, lookup: &mut dyn FnMut(&str) -> Option<String>) -> Vec<Option<String>> {
        let mut fields: Vec<Option<String>> = Vec::new();
        let mut current: Option<Option<String>> = None;
        for part in &self.parts {
            match part {
                Part::Text { text, .. } => append(&mut current, Some(text)),
                Part::Unknown => append(&mut current, None),
                Part::Variable { name, modifier, quoted } => {
                    let value = variable(name, modifier, lookup);
                    match value {
                        Some(value) if !*quoted => split_into(&value, &mut current, &mut fields),
                        value => append(&mut current, value.as_deref()),
                    }
                }
            }
        }
        fields.extend(current);
        fields
    }
}

fn append(current: &mut Option<Option<String>>, text: Option<&str>) {
    let field = current.get_or_insert_with(|| Some(String::new()));
    match (field.as_mut(), text) {
        (Some(known), Some(text)) if known.len() + text.len() <= LONGEST => known.push_str(text),
        _ => *field = None,
    }
}

fn split_into(value: &str, current: &mut Option<Option<String>>, fields: &mut Vec<Option<String>>) {
    if value.starts_with(char::is_whitespace) {
        fields.extend(current.take());
    }
    for (index, piece) in value.split_whitespace().enumerate() {
        if index > 0 {
            fields.extend(current.take());
        }
        append(current, Some(piece));
    }
    if value.ends_with(char::is_whitespace) {
        fields.extend(current.take());
    }
}

/// The value under a modifier; only defaults are understood.
fn variable(name: &str, modifier: &str, lookup: &mut dyn FnMut(&str) -> Option<String>) -> Option<String> {
    let value = lookup(name);
    match modifier {
        "" => value,
        _ if modifier.starts_with(":-") || modifier.starts_with(":=") => {
            value.filter(|text| !text.is_empty())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unquoted_variables_are_split_into_fields() {
        let variable = |quoted| Part::Variable { name: "P".into(), modifier: String::new(), quoted };
        let text = |text: &str| Part::Text { text: text.into(), quoted: false };
        let fields = |parts: Vec<Part>, value: Option<&str>| {
            let word = Word { parts, ..Word::default() };
            word.fields(&mut |_| value.map(str::to_owned))
        };
        let some = |texts: &[&str]| texts.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>();
        assert_eq!(fields(vec![text("a"), variable(false), text("z")], Some("b c")), some(&["ab", "cz"]));
        assert_eq!(fields(vec![variable(true)], Some("b c")), some(&["b c"]));
        assert_eq!(fields(vec![variable(false)], Some("")), some(&[]));
        assert_eq!(fields(vec![text("a"), variable(false)], None), vec![None]);
    }
}
