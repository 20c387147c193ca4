//! From the text of a Dockerfile to a [`Document`]. Total: every text gives a document.

use super::document::{Document, Flag, Heredoc, Instruction, JsonWord, Keyword, Problem};
use super::heredoc;
use super::logical::Logical;
use crate::text::Span;

/// Reads a Dockerfile.
#[must_use]
pub fn parse(text: &str) -> Document {
    let mut reader = Reader::new(text);
    while let Some(instruction) = reader.instruction() {
        reader.document.instructions.push(instruction);
    }
    reader.document
}

/// What the builder says of a heredoc without its last line.
pub(crate) const UNTERMINATED: &str = "unterminated heredoc";

/// Problems of one file that are kept.
const MOST_PROBLEMS: usize = 1000;

/// The lines of a text with their byte offsets.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    document: Document,
}

/// A line without its ending, and where it starts.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    start: usize,
}

impl Line<'_> {
    fn end(self) -> usize {
        self.start + self.text.len()
    }

    fn is_comment(self) -> bool {
        self.text.trim_start().starts_with('#')
    }

    fn is_blank(self) -> bool {
        self.text.trim().is_empty()
    }
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let document = Document { escape: escape_directive(&text[at..]), ..Document::default() };
        Self { text, at, document }
    }

    fn line(&mut self) -> Option<Line<'a>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        let length = rest.find('\n');
        self.at += length.map_or(rest.len(), |length| length + 1);
        let line = &rest[..length.unwrap_or(rest.len())];
        // The builder drops all of them: a file that was converted twice has two.
        Some(Line { text: line.trim_end_matches('\r'), start })
    }

    /// The next instruction, or `None` at the end of the file.
    fn instruction(&mut self) -> Option<Instruction> {
        let first = loop {
            let line = self.line()?;
            if line.is_comment() {
                self.document.comments.push(Span::new(line.start, line.end()));
            } else if !line.is_blank() {
                break line;
            }
        };
        let indent = first.text.len() - first.text.trim_start().len();
        let first = Line { text: &first.text[indent..], start: first.start + indent };
        let (logical, end) = self.join(first);
        let mut instruction = self.split(logical, false);
        instruction.span = Span::new(first.start, end.max(instruction.span.end));
        Some(instruction)
    }

    /// Joins a line with those that continue it; gives the text and where it ends in the file.
    fn join(&mut self, first: Line<'a>) -> (Logical, usize) {
        let mut logical = Logical::at(first.start);
        let mut line = first;
        let mut end = first.end();
        loop {
            let (kept, continues) = cut_continuation(line.text, self.document.escape);
            logical.push(kept, line.start);
            end = end.max(line.start + line.text.trim_end().len());
            if !continues {
                return (logical, end);
            }
            line = loop {
                let Some(next) = self.line() else { return (logical, end) };
                if next.is_comment() {
                    self.document.comments.push(Span::new(next.start, next.end()));
                } else if !next.is_blank() {
                    break next;
                }
            };
        }
    }

    /// Splits keyword, options and arguments, and reads the heredocs.
    fn split(&mut self, logical: Logical, onbuild: bool) -> Instruction {
        let text = logical.text();
        let word_end = text.find(char::is_whitespace).unwrap_or(text.len());
        let keyword = Keyword::of(&text[..word_end]);
        let rest = skip_blanks(text, word_end);
        if keyword == Keyword::Onbuild && !onbuild && rest < text.len() {
            return self.split(logical.slice(rest, text.len()), true);
        }
        let keyword_span = logical.span(0, word_end);
        let (flags, body_start) =
            if keyword.takes_flags() { flags(&logical, rest) } else { (Vec::new(), rest) };
        let body = logical.slice(body_start, text.len());
        let heredocs = if keyword.takes_heredocs() { self.heredocs(&body) } else { Vec::new() };
        if keyword == Keyword::Unknown {
            let message = format!("unknown instruction: {}", &text[..word_end]);
            self.problem(keyword_span, message);
        }
        let last = heredocs.last().map_or(0, |heredoc| heredoc.body.end);
        let json = json_words(&body);
        let span = Span::new(keyword_span.start, last.max(keyword_span.end));
        Instruction { keyword, keyword_span, span, onbuild, flags, body, json, heredocs }
    }

    /// The builder stops at the first: more than anybody reads are not kept.
    fn problem(&mut self, span: Span, message: String) {
        if self.document.problems.len() < MOST_PROBLEMS {
            self.document.problems.push(Problem { span, message });
        }
    }

    fn heredocs(&mut self, body: &Logical) -> Vec<Heredoc> {
        let openers = heredoc::openers(body.text(), self.document.escape);
        let mut out = Vec::new();
        for opener in openers {
            let start = self.at;
            let end = loop {
                let Some(line) = self.line() else {
                    let span = body.span(opener.place.0, opener.place.1);
                    self.problem(span, UNTERMINATED.to_owned());
                    return out;
                };
                let candidate =
                    if opener.strips_tabs { line.text.trim_start_matches('\t') } else { line.text };
                if candidate == opener.name {
                    break line.start;
                }
            };
            out.push(Heredoc {
                name: opener.name,
                expands: opener.expands,
                strips_tabs: opener.strips_tabs,
                opener: opener.place,
                body: Span::new(start, end),
            });
        }
        out
    }
}

/// The escape character by the directives at the top of the file: the comments before anything
/// else of the form `# key=value`.
fn escape_directive(text: &str) -> char {
    for line in text.lines() {
        let Some(comment) = line.trim().strip_prefix('#') else { break };
        let Some((key, value)) = comment.split_once('=') else { break };
        let key = key.trim();
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric()) {
            break;
        }
        if key.eq_ignore_ascii_case("escape") {
            return if value.trim() == "`" { '`' } else { '\\' };
        }
    }
    '\\'
}

/// Cuts the continuation mark off a line; a doubled mark does not continue (BuildKit's expression
/// is `([^\\])\\[ \t]*$|^\\[ \t]*$`).
fn cut_continuation(line: &str, escape: char) -> (&str, bool) {
    let trimmed = line.trim_end_matches([' ', '\t']);
    match trimmed.strip_suffix(escape) {
        Some(kept) if !kept.ends_with(escape) => (kept, true),
        _ => (line, false),
    }
}

fn skip_blanks(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or("");
    from + (rest.len() - rest.trim_start().len())
}

/// The options that start at `from`, and where the arguments begin.
fn flags(logical: &Logical, from: usize) -> (Vec<Flag>, usize) {
    let text = logical.text();
    let mut out = Vec::new();
    let mut at = from;
    while let Some(rest) = text.get(at..).filter(|rest| rest.starts_with("--")) {
        let end = at + rest.find(char::is_whitespace).unwrap_or(rest.len());
        let word = &text[at..end];
        if word == "--" {
            return (out, skip_blanks(text, end));
        }
        let (name, value) = word[2..].split_once('=').unwrap_or((&word[2..], ""));
        let value_start = if word.contains('=') { at + 2 + name.len() + 1 } else { end };
        out.push(Flag {
            name: name.to_owned(),
            value: value.to_owned(),
            span: logical.span(at, end),
            value_span: logical.span(value_start, end),
        });
        at = skip_blanks(text, end);
    }
    (out, at)
}

/// The strings of a JSON array that is the whole text; `None` when it is not exactly that.
pub(super) fn json_words(body: &Logical) -> Option<Vec<JsonWord>> {
    let text = body.text().trim_end();
    if !text.starts_with('[') || !text.ends_with(']') {
        return None;
    }
    let strings: Vec<String> = serde_json::from_str(text).ok()?;
    let mut words = Vec::with_capacity(strings.len());
    let mut at = 1;
    for string in strings {
        let open = at + text.get(at..)?.find('"')?;
        let close = closing_quote(text, open + 1)?;
        words.push(JsonWord { text: string, span: body.span(open + 1, close) });
        at = close + 1;
    }
    Some(words)
}

fn closing_quote(text: &str, from: usize) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(from) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}
