//! What a rule found, where, and what to do about it.

use crate::text::Span;
use diag::{Code, Severity};

/// A marked place with what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The file when it is another one than the finding's.
    pub path: Option<String>,
    /// The place.
    pub span: Span,
    /// What to say there; may be empty for the primary place.
    pub text: String,
}

/// How sure it is that a fix is what the author wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applicability {
    /// Keeps the meaning, or gives the only meaning that can work: `--fix`.
    Safe,
    /// Probably wanted, may change what is built: `--unsafe-fixes`.
    Unsafe,
    /// Only to be shown.
    Displayed,
}

/// Replaces the bytes of `span` by `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// The new text; empty for a removal.
    pub text: String,
}

impl Edit {
    /// An edit.
    #[must_use]
    pub fn new(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }
}

/// A change of the file of the finding that makes the finding go away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an order: `append the old value`.
    pub title: String,
    /// The edits; they do not overlap.
    pub edits: Vec<Edit>,
    /// Whether it may be carried out without asking.
    pub applicability: Applicability,
}

impl Fix {
    /// A fix of one edit that keeps the meaning.
    #[must_use]
    pub fn safe(title: impl Into<String>, edit: Edit) -> Self {
        Self { title: title.into(), edits: vec![edit], applicability: Applicability::Safe }
    }

    /// A fix of one edit that may change what is built.
    #[must_use]
    pub fn needs_review(title: impl Into<String>, edit: Edit) -> Self {
        Self { title: title.into(), edits: vec![edit], applicability: Applicability::Unsafe }
    }

    /// A fix of one edit that is only shown.
    #[must_use]
    pub fn displayed(title: impl Into<String>, edit: Edit) -> Self {
        Self { title: title.into(), edits: vec![edit], applicability: Applicability::Displayed }
    }

    /// Adds an edit.
    #[must_use]
    pub fn and(mut self, edit: Edit) -> Self {
        self.edits.push(edit);
        self
    }
}

/// One observation of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Code of the rule.
    pub code: Code,
    /// Name of the rule, for example `cuda-latest-missing`.
    pub name: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The fact, as a lower-case fragment with names in backticks.
    pub message: String,
    /// The smallest token that shows it.
    pub primary: Label,
    /// Other places that take part.
    pub secondary: Vec<Label>,
    /// What follows from it, first of all the error that the user will meet.
    pub notes: Vec<String>,
    /// What to do next.
    pub help: Vec<String>,
    /// The change that ends it.
    pub fix: Option<Fix>,
}

impl Finding {
    /// Says something at the primary place.
    pub fn label(&mut self, text: impl Into<String>) -> &mut Self {
        self.primary.text = text.into();
        self
    }

    /// Marks another place of the same file.
    pub fn also(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.secondary.push(Label { path: None, span, text: text.into() });
        self
    }

    /// Marks a place of another file.
    pub fn elsewhere(&mut self, path: impl Into<String>, span: Span, text: impl Into<String>) -> &mut Self {
        self.secondary.push(Label { path: Some(path.into()), span, text: text.into() });
        self
    }

    /// Adds what follows.
    pub fn note(&mut self, text: impl Into<String>) -> &mut Self {
        self.notes.push(text.into());
        self
    }

    /// Adds a step to take.
    pub fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help.push(text.into());
        self
    }

    /// Sets the fix.
    pub fn fix(&mut self, fix: Fix) -> &mut Self {
        self.fix = Some(fix);
        self
    }

    /// Says it with another severity than the rule's own.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }
}
