//! The shell inside `RUN`: simple commands with their words, assignments and redirections, each
//! with its place in the file, and whether it runs for certain. Not an interpreter: what is not
//! known statically stays unknown.

mod lexer;
mod lists;
mod word;

pub use lists::split;
pub use word::{Part, Word};

use crate::text::Span;

/// A simple command.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// `NAME=value` before the first word; alone when there is no word.
    pub assignments: Vec<Assignment>,
    /// The name of the command and its arguments.
    pub words: Vec<Word>,
    /// Redirections in order.
    pub redirects: Vec<Redirect>,
    /// From the first to the last byte.
    pub span: Span,
    /// How it is run.
    pub flow: Flow,
}

/// How a command is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about one command")]
pub struct Flow {
    /// It may not run: inside a branch, loop or function, or after `||`.
    pub conditional: bool,
    /// Its failure does not end the build: `||` follows, `!` stands before, or it runs in the
    /// background.
    pub tolerated: bool,
    /// It reads what another command writes.
    pub reads_pipe: bool,
    /// Another command reads what it writes.
    pub feeds_pipe: bool,
    /// It stands in `$(...)` or backticks.
    pub substituted: bool,
}

/// `NAME=value`.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Word,
}

/// A redirection.
#[derive(Clone, Debug)]
pub struct Redirect {
    /// The operator with its descriptor, for example `2>`, `>>`, `<`.
    pub operator: String,
    /// Where to or from.
    pub target: Word,
    /// Operator and target.
    pub span: Span,
}
