//! Words of instructions: splitting at blanks, quotes, and the expansion of `$NAME`.

use crate::text::Span;

/// A text that may depend on variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// The text when all of it is known.
    pub text: Option<String>,
    /// Where the values of its variables were set.
    pub origins: Vec<Span>,
}

impl Value {
    /// A known text.
    #[must_use]
    pub fn known(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), origins: Vec::new() }
    }

    /// A value that only the build knows.
    #[must_use]
    pub fn unknown() -> Self {
        Self::default()
    }

    /// The text when it is known.
    #[must_use]
    pub fn as_deref(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

/// What a variable is when a word is expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Set to this.
    Set(Value),
    /// Certainly not set.
    Unset,
}

/// Values longer than this are not followed: each `ENV` could double them.
const LONGEST: usize = 64 * 1024;

/// A value remembers this many places where its parts were set.
const MOST_ORIGINS: usize = 16;

/// Braces longer than this are not looked into: they could be nested deeply.
const LONGEST_BRACES: usize = 4096;

/// Splits a text at blanks outside of quotes; gives start and end of each word.
#[must_use]
pub fn words(text: &str, escape: char) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut start = None;
    let mut quote: Option<char> = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if quote.is_none() && c.is_whitespace() {
            out.extend(start.take().map(|start| (start, at)));
            continue;
        }
        start = start.or(Some(at));
        match quote {
            Some(open) if c == open => quote = None,
            Some('\'') => {}
            _ if c == escape => {
                chars.next();
            }
            None if c == '"' || c == '\'' => quote = Some(c),
            _ => {}
        }
    }
    out.extend(start.map(|start| (start, text.len())));
    out
}

/// Takes quotes off and puts variables in.
#[must_use]
pub fn expand(word: &str, escape: char, lookup: &mut dyn FnMut(&str) -> Variable) -> Value {
    let mut expansion = Expansion {
        chars: word.chars().collect(),
        at: 0,
        escape,
        out: Some(String::new()),
        origins: Vec::new(),
    };
    expansion.run(lookup);
    Value { text: expansion.out, origins: expansion.origins }
}

struct Expansion {
    chars: Vec<char>,
    at: usize,
    escape: char,
    /// `None` once a part is not known.
    out: Option<String>,
    origins: Vec<Span>,
}

impl Expansion {
    fn run(&mut self, lookup: &mut dyn FnMut(&str) -> Variable) {
        let mut quote = None;
        while let Some(c) = self.next() {
            match (quote, c) {
                (Some(open), c) if c == open => quote = None,
                (Some('\''), c) => self.push(c),
                (quoted, c) if c == self.escape => self.escaped(quoted.is_some()),
                (_, '$') => self.variable(lookup),
                (None, '"' | '\'') => quote = Some(c),
                (_, c) => self.push(c),
            }
        }
    }

    fn next(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied();
        self.at += 1;
        c
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn push(&mut self, c: char) {
        if let Some(out) = &mut self.out {
            out.push(c);
        }
    }

    /// Inside double quotes the mark stays before characters that need none.
    fn escaped(&mut self, quoted: bool) {
        let escape = self.escape;
        match self.next() {
            Some(c) if quoted && c != '"' && c != '$' && c != escape => {
                self.push(escape);
                self.push(c);
            }
            Some(c) => self.push(c),
            None => self.push(escape),
        }
    }

    fn variable(&mut self, lookup: &mut dyn FnMut(&str) -> Variable) {
        if self.peek() == Some('{') {
            self.at += 1;
            let inside = self.braces();
            let value = braced(&inside, self.escape, lookup);
            self.put(value);
            return;
        }
        let mut name = String::new();
        while let Some(c) = self.peek().filter(|c| c.is_ascii_alphanumeric() || *c == '_') {
            name.push(c);
            self.at += 1;
        }
        if name.is_empty() {
            self.push('$');
        } else {
            let value = value_or_empty(lookup(&name));
            self.put(value);
        }
    }

    /// What stands between `{` and its `}`.
    fn braces(&mut self) -> String {
        let mut depth = 1;
        let mut inside = String::new();
        while let Some(c) = self.next() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            inside.push(c);
        }
        inside
    }

    fn put(&mut self, value: Value) {
        for origin in value.origins {
            if self.origins.len() < MOST_ORIGINS && !self.origins.contains(&origin) {
                self.origins.push(origin);
            }
        }
        match (&mut self.out, value.text) {
            (Some(out), Some(text)) if out.len() + text.len() <= LONGEST => out.push_str(&text),
            (out, _) => *out = None,
        }
    }
}

fn value_or_empty(variable: Variable) -> Value {
    match variable {
        Variable::Set(value) => value,
        Variable::Unset => Value::known(""),
    }
}

/// `NAME`, `NAME:-word`, `NAME-word`, `NAME:+word`, `NAME+word`; other forms are not known.
fn braced(inside: &str, escape: char, lookup: &mut dyn FnMut(&str) -> Variable) -> Value {
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    if name.is_empty() || inside.len() > LONGEST_BRACES {
        return Value::unknown();
    }
    let variable = lookup(name);
    if rest.is_empty() {
        return value_or_empty(variable);
    }
    let (empty_counts_as_unset, rest) = rest.strip_prefix(':').map_or((false, rest), |rest| (true, rest));
    let Some(operator) = rest.chars().next() else { return Value::unknown() };
    let word = &rest[operator.len_utf8()..];
    let is_set = match &variable {
        Variable::Unset => Some(false),
        Variable::Set(value) => match (&value.text, empty_counts_as_unset) {
            (Some(text), true) => Some(!text.is_empty()),
            (Some(_), false) => Some(true),
            (None, _) => None,
        },
    };
    match (operator, is_set) {
        ('-', Some(true)) | ('?', Some(true)) => value_or_empty(variable),
        ('-', Some(false)) | ('+', Some(true)) => expand(word, escape, lookup),
        ('+', Some(false)) => Value::known(""),
        _ => Value::unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_quotes_and_defaults() {
        let mut lookup = |name: &str| match name {
            "A" => Variable::Set(Value::known("1")),
            "E" => Variable::Set(Value::known("")),
            "U" => Variable::Set(Value::unknown()),
            _ => Variable::Unset,
        };
        let mut value = |word: &str| expand(word, '\\', &mut lookup).text;
        assert_eq!(value("x$A-${A}").as_deref(), Some("x1-1"));
        assert_eq!(value("'$A'\"$A\"").as_deref(), Some("$A1"));
        assert_eq!(value("\\$A ${N:-d$A} ${E:-z}${E-z}").as_deref(), Some("$A d1 z"));
        assert_eq!(value("${A:+yes}${N:+no}").as_deref(), Some("yes"));
        assert_eq!(value("a$U"), None);
        assert_eq!(value("${A#x}"), None);
        assert_eq!(value("$").as_deref(), Some("$"));
        assert_eq!(words("a=\"b c\" d\\ e 'f", '\\').len(), 3);
    }
}
