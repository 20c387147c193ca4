//! Findings of checks and rules.

use crate::Code;
use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Note,
    /// Will hurt some uses.
    Warning,
    /// Something that was asked for cannot work.
    Error,
}

/// One observation of a check or rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code of the check or rule.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// The fact, as a lower-case fragment with names in backticks.
    pub message: String,
    /// What was looked at and what was found there, one entry per proof.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// What to do next, one entry per step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<String>,
}

impl Finding {
    /// A finding without evidence or help yet.
    #[must_use]
    pub fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self { code, severity, message: message.into(), evidence: Vec::new(), help: Vec::new() }
    }

    /// Adds a proof.
    #[must_use]
    pub fn evidence(mut self, text: impl Into<String>) -> Self {
        self.evidence.push(text.into());
        self
    }

    /// Adds a step to take.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }
}

/// What a check came to. "Could not look" is never reported as fine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Looked, and all is well; the text says what was seen.
    Fine(String),
    /// Looked, and found something.
    Found(Vec<Finding>),
    /// Could not look; the text says why.
    CannotTell(String),
    /// There is nothing to look at here; the text says why.
    DoesNotApply(String),
}
