//! Characters to tokens: words, operators, redirections.

use super::word::{Part, Word};
use crate::dockerfile::Logical;

/// A token of a script.
#[derive(Clone, Debug)]
pub(super) enum Token {
    Word(Word),
    /// `&&`, `||`, `;`, `;;`, `|`, `|&`, `&`, `(`, `)` or a line end (`\n`).
    Operator(&'static str),
    /// A redirection operator with its descriptor; its target is the next word.
    Redirect {
        operator: String,
        start: usize,
        end: usize,
    },
}

/// Operators, the longest first.
const OPERATORS: &[&str] = &["&&", "||", ";;&", ";;", ";&", "|&", "|", ";", "&", "(", ")", "\n"];
const REDIRECTS: &[&str] = &["&>>", "<<<", "<<-", "<<", ">>", ">&", "<&", ">|", "&>", "<>", ">", "<"];

/// Reads tokens of a text.
pub(super) struct Lexer<'a> {
    source: &'a Logical,
    text: &'a str,
    pub(super) at: usize,
    /// Heredocs whose bodies start after the next line end: name, tabs stripped.
    pending: Vec<(String, bool)>,
    /// Insides of command substitutions: start and end.
    pub(super) substitutions: Vec<(usize, usize)>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(source: &'a Logical) -> Self {
        Self { source, text: source.text(), at: 0, pending: Vec::new(), substitutions: Vec::new() }
    }

    /// The next token; `at_command` when a command's name may stand here, where `((` is arithmetic.
    pub(super) fn token(&mut self, at_command: bool) -> Option<Token> {
        self.skip_blanks();
        let mut before_heredocs = true;
        while self.heredoc() {
            before_heredocs = false;
        }
        let rest = self.rest();
        let first = rest.chars().next()?;
        if at_command && before_heredocs && rest.starts_with("((") {
            return Some(Token::Word(self.arithmetic_command()));
        }
        if rest.starts_with("<(") || rest.starts_with(">(") {
            return Some(Token::Word(self.word()));
        }
        if let Some(redirect) = self.redirect() {
            return Some(redirect);
        }
        if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
            self.at += operator.len();
            if first == '\n' {
                self.skip_heredocs();
            }
            return Some(Token::Operator(operator));
        }
        Some(Token::Word(self.word()))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Skips blanks, continued line ends and comments; a line end is a token.
    fn skip_blanks(&mut self) {
        while let Some(c) = self.peek() {
            if c == '\\' && self.rest()[1..].starts_with(['\n', '\r']) {
                self.at += if self.rest()[1..].starts_with("\r\n") { 3 } else { 2 };
            } else if c == '#' {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if c != '\n' && c.is_whitespace() {
                self.bump();
            } else {
                return;
            }
        }
    }

    /// The redirection that begins here: how many bytes it takes, and its operator.
    fn redirection(&self) -> Option<(usize, &'static str)> {
        let rest = self.rest();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let operator = REDIRECTS.iter().find(|operator| rest[digits..].starts_with(**operator))?;
        Some((digits + operator.len(), operator))
    }

    /// Takes the start of a heredoc with its name and the blanks behind it, if one begins here.
    fn heredoc(&mut self) -> bool {
        let Some((length, operator @ ("<<" | "<<-"))) = self.redirection() else { return false };
        self.at += length;
        self.skip_blanks();
        let name = self.word().literal().unwrap_or_default();
        self.pending.push((name, operator == "<<-"));
        self.skip_blanks();
        true
    }

    fn redirect(&mut self) -> Option<Token> {
        let (length, _) = self.redirection()?;
        let start = self.at;
        self.at += length;
        let text = self.text[start..self.at].to_owned();
        Some(Token::Redirect { operator: text, start, end: self.at })
    }

    /// Skips the bodies of the heredocs that the line before has opened.
    fn skip_heredocs(&mut self) {
        for (name, strips_tabs) in std::mem::take(&mut self.pending) {
            loop {
                let rest = self.rest();
                if rest.is_empty() {
                    return;
                }
                let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
                let line = rest[..length].trim_end_matches(['\n', '\r']);
                self.at += length;
                if (if strips_tabs { line.trim_start_matches('\t') } else { line }) == name {
                    break;
                }
            }
        }
    }

    fn arithmetic_command(&mut self) -> Word {
        let start = self.at;
        self.at += 1;
        self.skip_balanced('(', ')');
        self.finish(start, vec![Part::Unknown])
    }

    /// One word; at least one character is taken.
    pub(super) fn word(&mut self) -> Word {
        let start = self.at;
        let mut parts = Parts::default();
        while let Some(c) = self.peek() {
            match c {
                '\'' => self.single_quoted(&mut parts),
                '"' => self.double_quoted(&mut parts),
                '\\' => self.escaped(&mut parts),
                '$' => self.dollar(&mut parts, false),
                '`' => self.backticks(&mut parts),
                '<' | '>' if self.at == start && self.rest()[1..].starts_with('(') => {
                    self.at += 1;
                    self.skip_balanced('(', ')');
                    parts.unknown();
                }
                ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                c if c.is_whitespace() => break,
                c => {
                    self.bump();
                    parts.push(c, false);
                }
            }
        }
        if self.at == start {
            self.bump();
        }
        self.finish(start, parts.finished())
    }

    fn finish(&self, start: usize, parts: Vec<Part>) -> Word {
        Word {
            parts,
            span: self.source.span(start, self.at),
            contiguous: self.source.is_contiguous(start, self.at),
        }
    }

    fn single_quoted(&mut self, parts: &mut Parts) {
        self.bump();
        parts.open_quote();
        while let Some(c) = self.bump().filter(|c| *c != '\'') {
            parts.push(c, true);
        }
    }

    fn double_quoted(&mut self, parts: &mut Parts) {
        self.bump();
        parts.open_quote();
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.bump();
                    return;
                }
                '$' => self.dollar(parts, true),
                '`' => self.backticks(parts),
                '\\' => {
                    self.bump();
                    match self.bump() {
                        Some('\n') | None => {}
                        Some(c @ ('"' | '\\' | '$' | '`')) => parts.push(c, true),
                        Some(c) => {
                            parts.push('\\', true);
                            parts.push(c, true);
                        }
                    }
                }
                c => {
                    self.bump();
                    parts.push(c, true);
                }
            }
        }
    }

    fn escaped(&mut self, parts: &mut Parts) {
        self.bump();
        match self.bump() {
            Some('\n') | None => {}
            Some(c) => parts.push(c, true),
        }
    }

    fn dollar(&mut self, parts: &mut Parts, quoted: bool) {
        self.bump();
        match self.peek() {
            Some('(') => {
                let start = self.at + 1;
                self.skip_balanced('(', ')');
                if !self.text[start..].starts_with('(') {
                    self.substitutions.push((start, self.at.saturating_sub(1).max(start)));
                }
                parts.unknown();
            }
            Some('{') => {
                let start = self.at + 1;
                self.skip_balanced('{', '}');
                parts.braced(self.text.get(start..self.at.saturating_sub(1)).unwrap_or(""), quoted);
            }
            Some('\'') if !quoted => self.single_quoted(parts),
            Some('"') if !quoted => {}
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let rest = self.rest();
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                self.at += end;
                parts.variable(&rest[..end], "", quoted);
            }
            Some('@' | '*' | '#' | '?' | '!' | '$' | '-' | '0'..='9') => {
                self.bump();
                parts.unknown();
            }
            _ => parts.push('$', quoted),
        }
    }

    fn backticks(&mut self, parts: &mut Parts) {
        self.bump();
        let start = self.at;
        while let Some(c) = self.bump() {
            match c {
                '\\' => {
                    self.bump();
                }
                '`' => break,
                _ => {}
            }
        }
        self.substitutions.push((start, self.at.saturating_sub(1).max(start)));
        parts.unknown();
    }

    /// From an opening bracket to behind the closing one; quotes inside are respected.
    fn skip_balanced(&mut self, open: char, close: char) {
        let mut depth = 0_usize;
        let mut quote = None;
        while let Some(c) = self.bump() {
            match (quote, c) {
                (Some('\''), '\'') | (Some('"'), '"') => quote = None,
                (Some('\''), _) => {}
                (_, '\\') => {
                    self.bump();
                }
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(c),
                (None, c) if c == open => depth += 1,
                (None, c) if c == close => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return;
                    }
                }
                _ => {}
            }
        }
    }
}

/// Collects the parts of one word.
#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn push(&mut self, c: char, is_quoted: bool) {
        match self.0.last_mut() {
            Some(Part::Text { text, quoted }) if *quoted == is_quoted => text.push(c),
            _ => self.0.push(Part::Text { text: c.to_string(), quoted: is_quoted }),
        }
    }

    /// An empty pair of quotes still makes a word.
    fn open_quote(&mut self) {
        self.0.push(Part::Text { text: String::new(), quoted: true });
    }

    fn unknown(&mut self) {
        self.0.push(Part::Unknown);
    }

    fn variable(&mut self, name: &str, modifier: &str, quoted: bool) {
        self.0.push(Part::Variable { name: name.to_owned(), modifier: modifier.to_owned(), quoted });
    }

    fn braced(&mut self, inside: &str, quoted: bool) {
        let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
        if end == 0 {
            self.unknown();
        } else {
            self.variable(&inside[..end], &inside[end..], quoted);
        }
    }

    /// Empty quoted pieces beside others are dropped.
    fn finished(self) -> Vec<Part> {
        let mut parts = self.0;
        if parts.len() > 1 {
            parts.retain(|part| !matches!(part, Part::Text { text, .. } if text.is_empty()));
        }
        parts
    }
}
