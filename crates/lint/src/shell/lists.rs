//! Tokens to simple commands: lists, pipes, blocks, and which commands run for certain.

use super::lexer::{Lexer, Token};
use super::word::Word;
use super::{Assignment, Command, Flow, Redirect};
use crate::dockerfile::Logical;

/// Substitutions inside substitutions are followed this far.
const DEEPEST: usize = 4;

/// No script that people write has more commands; the rest is left out.
const MOST: usize = 5_000;

/// The simple commands of a script in order; those inside `$(...)` come last.
#[must_use]
pub fn split(script: &Logical) -> Vec<Command> {
    let mut out = Vec::new();
    let mut level = vec![script.clone()];
    for depth in 0..DEEPEST {
        let mut deeper = Vec::new();
        for source in &level {
            let mut parser = Parser::new(source);
            parser.run();
            for mut command in parser.commands {
                command.flow.substituted = depth > 0;
                out.push(command);
            }
            deeper.extend(parser.lexer.substitutions.iter().map(|(start, end)| source.slice(*start, *end)));
        }
        if deeper.is_empty() || out.len() > MOST {
            break;
        }
        level = deeper;
    }
    out
}

/// Blocks of the shell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    If,
    Loop,
    Case,
    Brace,
    Paren,
}

/// A block that is open.
struct Open {
    block: Block,
    /// Whether the list around it is conditional.
    outside: bool,
    /// Whether each list inside of it is.
    inside: bool,
    /// The first command of the list in which the block stands.
    chain: usize,
}

struct Parser<'a> {
    source: &'a Logical,
    lexer: Lexer<'a>,
    commands: Vec<Command>,
    blocks: Vec<Open>,
    current: Command,
    /// The first command of the current list (since `;` or a line end).
    chain: usize,
    conditional: bool,
    reads_pipe: bool,
    negated: bool,
    /// The next block is the body of a function.
    function: bool,
}

impl<'a> Parser<'a> {
    fn new(source: &'a Logical) -> Self {
        Self {
            source,
            lexer: Lexer::new(source),
            commands: Vec::new(),
            blocks: Vec::new(),
            current: Command::default(),
            chain: 0,
            conditional: false,
            reads_pipe: false,
            negated: false,
            function: false,
        }
    }

    fn run(&mut self) {
        while let Some(token) = self.lexer.token(self.at_command()) {
            if self.commands.len() > MOST {
                return;
            }
            match token {
                Token::Word(word) => self.word(word),
                Token::Redirect { operator, start, end } => self.redirect(operator, start, end),
                Token::Operator(operator) => self.operator(operator),
            }
        }
        self.end_command();
    }

    fn at_command(&self) -> bool {
        self.current.words.is_empty()
    }

    fn is_empty(&self) -> bool {
        self.current.words.is_empty()
            && self.current.assignments.is_empty()
            && self.current.redirects.is_empty()
    }

    fn word(&mut self, word: Word) {
        if self.at_command() {
            if self.current.assignments.is_empty() && word.bare().is_some_and(|text| self.keyword(text)) {
                return;
            }
            if let Some(assignment) = assignment(&word) {
                self.extend(word.span);
                self.current.assignments.push(assignment);
                return;
            }
        }
        let opens_test = self.at_command() && word.bare() == Some("[[");
        self.extend(word.span);
        self.current.words.push(word);
        if opens_test {
            self.skip_test();
        }
    }

    fn extend(&mut self, span: crate::text::Span) {
        self.current.span = if self.is_empty() { span } else { self.current.span.to(span) };
    }

    /// `[[ ... ]]`: operators inside belong to the test.
    fn skip_test(&mut self) {
        while let Some(token) = self.lexer.token(false) {
            match token {
                Token::Word(word) if word.bare() == Some("]]") => {
                    self.extend(word.span);
                    return;
                }
                Token::Operator("\n" | ";") => return,
                _ => {}
            }
        }
    }

    /// Whether the word is a keyword of the shell; it is taken then.
    fn keyword(&mut self, text: &str) -> bool {
        match text {
            "if" => self.open(Block::If),
            "while" | "until" => self.open(Block::Loop),
            "for" | "select" => {
                self.open(Block::Loop);
                self.skip_until(&[";", "\n"]);
            }
            "case" => {
                self.open(Block::Case);
                self.skip_to_word("in");
                self.skip_pattern();
            }
            "then" | "else" | "elif" | "do" => self.chain = self.commands.len(),
            "fi" => self.close(Block::If),
            "done" => self.close(Block::Loop),
            "esac" => self.close(Block::Case),
            "{" => self.open(Block::Brace),
            "}" => self.close(Block::Brace),
            "!" => self.negated = true,
            "function" => {
                self.lexer.token(false);
                self.function = true;
            }
            "time" => {}
            _ => return false,
        }
        true
    }

    fn open(&mut self, block: Block) {
        let function = std::mem::take(&mut self.function);
        let outside = self.conditional;
        self.conditional |= function || matches!(block, Block::If | Block::Loop | Block::Case);
        self.blocks.push(Open { block, outside, inside: self.conditional, chain: self.chain });
        self.chain = self.commands.len();
    }

    /// Closes the innermost block when it is of this kind; a stray end is ignored.
    fn close(&mut self, block: Block) {
        if self.blocks.last().is_some_and(|open| open.block == block)
            && let Some(open) = self.blocks.pop()
        {
            self.conditional = open.outside;
            self.chain = open.chain;
        }
    }

    fn skip_until(&mut self, ends: &[&str]) {
        while let Some(token) = self.lexer.token(false) {
            if matches!(token, Token::Operator(operator) if ends.contains(&operator)) {
                return;
            }
        }
    }

    fn skip_to_word(&mut self, wanted: &str) {
        while let Some(token) = self.lexer.token(false) {
            if matches!(&token, Token::Word(word) if word.bare() == Some(wanted)) {
                return;
            }
        }
    }

    /// A pattern of `case` up to its `)`, or `esac`.
    fn skip_pattern(&mut self) {
        let mut first = true;
        while let Some(token) = self.lexer.token(false) {
            match token {
                Token::Operator(")") => return,
                Token::Operator("(" | "\n" | "|") => {}
                Token::Word(word) if first && word.bare() == Some("esac") => {
                    self.close(Block::Case);
                    return;
                }
                _ => first = false,
            }
        }
    }

    fn redirect(&mut self, operator: String, start: usize, end: usize) {
        let mark = self.source.span(start, end);
        let target = match self.lexer.token(false) {
            Some(Token::Word(word)) => word,
            Some(Token::Operator(operator)) => {
                self.operator(operator);
                return;
            }
            _ => return,
        };
        let span = mark.to(target.span);
        self.extend(span);
        self.current.redirects.push(Redirect { operator, target, span });
    }

    fn operator(&mut self, operator: &'static str) {
        match operator {
            "(" => self.open_paren(),
            ")" => {
                self.end_command();
                self.close(Block::Paren);
            }
            "|" | "|&" => {
                self.current.flow.feeds_pipe = true;
                self.end_command();
                self.reads_pipe = true;
            }
            "&&" => self.end_command(),
            "||" => {
                self.end_command();
                self.tolerate_chain();
                self.conditional = true;
            }
            "&" => {
                self.end_command();
                self.tolerate_chain();
                self.end_list();
            }
            ";;" | ";;&" | ";&" => {
                self.end_command();
                self.end_list();
                self.skip_pattern();
            }
            _ => {
                self.end_command();
                self.end_list();
            }
        }
    }

    /// `name ()` starts a function, `(` alone a subshell.
    fn open_paren(&mut self) {
        if self.current.words.len() == 1 {
            self.current = Command::default();
            self.lexer.token(false);
            self.function = true;
            return;
        }
        self.end_command();
        self.open(Block::Paren);
    }

    fn tolerate_chain(&mut self) {
        let chain = self.chain.min(self.commands.len());
        for command in &mut self.commands[chain..] {
            command.flow.tolerated = true;
        }
    }

    fn end_list(&mut self) {
        self.chain = self.commands.len();
        self.conditional = self.blocks.last().is_some_and(|open| open.inside);
    }

    fn end_command(&mut self) {
        let reads_pipe = std::mem::take(&mut self.reads_pipe);
        let negated = std::mem::take(&mut self.negated);
        if self.is_empty() {
            return;
        }
        let mut command = std::mem::take(&mut self.current);
        command.flow = Flow {
            conditional: self.conditional,
            tolerated: negated,
            reads_pipe,
            feeds_pipe: command.flow.feeds_pipe,
            substituted: false,
        };
        self.commands.push(command);
    }
}

/// `NAME=value` at the place of a command.
fn assignment(word: &Word) -> Option<Assignment> {
    let (name, rest) = word.literal_start().split_once('=')?;
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts_well || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let mut value = word.clone();
    if let Some(super::Part::Text { text, quoted }) = value.parts.first_mut() {
        if *quoted {
            return None;
        }
        *text = rest.to_owned();
    }
    Some(Assignment { name: name.to_owned(), value })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line for each command: its words, `?` conditional, `~` tolerated, `|` in a pipe.
    fn shown(script: &str) -> Vec<String> {
        let mut logical = Logical::at(0);
        logical.push(script, 0);
        split(&logical)
            .iter()
            .map(|command| {
                let mut words: Vec<String> =
                    command.assignments.iter().map(|a| format!("{}=", a.name)).collect();
                words.extend(command.words.iter().map(|word| word.literal().unwrap_or_else(|| "?".into())));
                let flow = command.flow;
                let mark = |on: bool, sign: &str| if on { sign.to_owned() } else { String::new() };
                format!(
                    "{}{}{}{}",
                    mark(flow.conditional, "?"),
                    mark(flow.tolerated, "~"),
                    mark(flow.reads_pipe, "|"),
                    words.join(" ")
                )
            })
            .collect()
    }

    #[test]
    fn commands_and_their_flow() {
        let cases: &[(&str, &[&str])] = &[
            ("a b && c; d", &["a b", "c", "d"]),
            ("a || b && c; d", &["~a", "?b", "?c", "d"]),
            ("A=1 B=\"x y\" cmd 'q r' > f 2>&1", &["A= B= cmd q r"]),
            ("if t; then a; else b; fi; c", &["?t", "?a", "?b", "c"]),
            ("for x in 1 2; do a $x; done && c", &["?a ?", "c"]),
            ("case $x in (a|b) p ;; *) q;; esac; r", &["?p", "?q", "r"]),
            ("f() { a; c; }; b", &["?a", "?c", "b"]),
            ("(cd x && make) || true", &["~cd x", "~make", "?true"]),
            ("a | b | c", &["a", "|b", "|c"]),
            ("x=$(a b) && y", &["x=", "y", "a b"]),
            ("[[ a && b ]] && c", &["[[", "c"]),
            ("(( i++ )); a", &["?", "a"]),
            ("a # no && b\nc", &["a", "c"]),
            ("cat <<E\na && b\nE\nc", &["cat", "c"]),
            ("a \\\n b", &["a b"]),
            ("echo \"x; y\" 'a && b' \\; z", &["echo x; y a && b ; z"]),
            ("! a; b &", &["~a", "~b"]),
            ("function g { a; }; b", &["?a", "b"]),
            ("", &[]),
            (")))fi done esac } ;;", &[]),
        ];
        for (script, expected) in cases {
            assert_eq!(shown(script), *expected, "{script}");
        }
    }
}
