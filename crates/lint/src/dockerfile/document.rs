//! A Dockerfile as its author wrote it: directives, instructions, heredocs, comments, all with
//! byte spans. Follows BuildKit's `frontend/dockerfile/parser`; goes on after what it does not know.

use super::logical::Logical;
use crate::text::Span;

/// A Dockerfile without any evaluation.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The character that continues lines; `# escape=` sets it.
    pub escape: char,
    /// The instructions in order; triggers of `ONBUILD` are marked.
    pub instructions: Vec<Instruction>,
    /// Comment lines outside of heredocs.
    pub comments: Vec<Span>,
    /// What BuildKit refuses.
    pub problems: Vec<Problem>,
}

/// What BuildKit refuses, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place.
    pub span: Span,
    /// What is wrong, as BuildKit words it.
    pub message: String,
}

/// Keywords of instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are the keywords of the format")]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    /// A word that is no keyword.
    Unknown,
}

impl Keyword {
    /// The keyword for a word in any letter case.
    #[must_use]
    pub fn of(word: &str) -> Self {
        const TABLE: &[(&str, Keyword)] = &[
            ("ADD", Keyword::Add),
            ("ARG", Keyword::Arg),
            ("CMD", Keyword::Cmd),
            ("COPY", Keyword::Copy),
            ("ENTRYPOINT", Keyword::Entrypoint),
            ("ENV", Keyword::Env),
            ("EXPOSE", Keyword::Expose),
            ("FROM", Keyword::From),
            ("HEALTHCHECK", Keyword::Healthcheck),
            ("LABEL", Keyword::Label),
            ("MAINTAINER", Keyword::Maintainer),
            ("ONBUILD", Keyword::Onbuild),
            ("RUN", Keyword::Run),
            ("SHELL", Keyword::Shell),
            ("STOPSIGNAL", Keyword::Stopsignal),
            ("USER", Keyword::User),
            ("VOLUME", Keyword::Volume),
            ("WORKDIR", Keyword::Workdir),
        ];
        TABLE.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map_or(Self::Unknown, |row| row.1)
    }

    /// Whether its line may open heredocs.
    pub(super) const fn takes_heredocs(self) -> bool {
        matches!(self, Self::Run | Self::Copy | Self::Add)
    }

    /// Whether options with two dashes may stand before its arguments.
    pub(super) const fn takes_flags(self) -> bool {
        matches!(self, Self::From | Self::Run | Self::Copy | Self::Add | Self::Healthcheck)
    }
}

/// One instruction.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// Its keyword; for a trigger that of the trigger.
    pub keyword: Keyword,
    /// The keyword in the file.
    pub keyword_span: Span,
    /// Everything from the keyword to the last byte, heredocs included.
    pub span: Span,
    /// Whether it is the trigger of an `ONBUILD`, and runs in the images built on this one.
    pub onbuild: bool,
    /// Options before the arguments, for example `--from=build`.
    pub flags: Vec<Flag>,
    /// What follows the options, continuations joined.
    pub body: Logical,
    /// The words of the JSON form, when that is how the arguments are written.
    pub json: Option<Vec<JsonWord>>,
    /// Bodies of heredocs in order.
    pub heredocs: Vec<Heredoc>,
}

impl Instruction {
    /// The option with this name.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }
}

/// An option such as `--from=build`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Without the dashes.
    pub name: String,
    /// After `=`; empty without one.
    pub value: String,
    /// The whole option.
    pub span: Span,
    /// The value alone.
    pub value_span: Span,
}

/// One string of the JSON form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonWord {
    /// Unescaped.
    pub text: String,
    /// Between the quotes.
    pub span: Span,
}

/// A heredoc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The word that ends it.
    pub name: String,
    /// Whether variables in it are expanded (the word is not quoted).
    pub expands: bool,
    /// Whether leading tabs are dropped (`<<-`).
    pub strips_tabs: bool,
    /// `<<NAME` in the instruction's body: start and end in its text.
    pub opener: (usize, usize),
    /// The lines between.
    pub body: Span,
}
