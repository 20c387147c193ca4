//! The error of every fallible operation: message, code, hint and the chain of causes.

use crate::Code;
use std::error::Error;
use std::fmt;

/// Why an operation ended: a lower-case message that names the path or value, an optional stable
/// code, an optional hint on what to do next, and the cause underneath.
pub struct Failure(Box<Inner>);

struct Inner {
    message: String,
    code: Option<Code>,
    hint: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure with its message: lower case, no final period, naming the path or value.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Inner { message: message.into(), code: None, hint: None, source: None }))
    }

    /// A failure with a stable code.
    #[must_use]
    pub fn coded(code: Code, message: impl Into<String>) -> Self {
        let mut failure = Self::new(message);
        failure.0.code = Some(code);
        failure
    }

    /// Adds what the reader should do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the cause underneath.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Wraps this failure in a message that says what was being done.
    #[must_use]
    pub fn context(self, message: impl Into<String>) -> Self {
        Self::new(message).caused_by(self)
    }

    /// The outermost message alone.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The first code found from the outermost failure inwards.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.0.code.or_else(|| self.inner_failure()?.code())
    }

    /// The first hint found from the outermost failure inwards.
    #[must_use]
    pub fn first_hint(&self) -> Option<&str> {
        self.0.hint.as_deref().or_else(|| self.inner_failure()?.first_hint())
    }

    /// The messages from the outermost to the innermost, joined by `: `.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.0.message.clone();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }

    /// One line for places that show only one (an engine's error message): the chain, then the
    /// code in brackets, then the hint. Control characters, which values of an image can bring with them,
    /// are written as escapes: they would end the line, or act on a terminal.
    #[must_use]
    pub fn line(&self) -> String {
        let mut text = self.chain();
        if let Some(code) = self.code() {
            text.push_str(&format!(" [{code}]"));
        }
        if let Some(hint) = self.first_hint() {
            text.push_str(&format!("; hint: {hint}"));
        }
        one_line(&text)
    }

    fn inner_failure(&self) -> Option<&Self> {
        self.0.source.as_ref()?.downcast_ref::<Self>()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line())
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as &(dyn Error + 'static))
    }
}

/// Adds context to any error on its way up.
pub trait ResultExt<T> {
    /// Wraps the error in a message that says what was being done.
    ///
    /// # Errors
    /// The error of `self`, wrapped.
    fn context(self, message: impl Into<String>) -> Result<T, Failure>;

    /// Like [`ResultExt::context`], with the message made only when it is needed.
    ///
    /// # Errors
    /// The error of `self`, wrapped.
    fn with_context<M: Into<String>>(self, message: impl FnOnce() -> M) -> Result<T, Failure>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> ResultExt<T> for Result<T, E> {
    fn context(self, message: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|cause| Failure::new(message).caused_by(cause))
    }

    fn with_context<M: Into<String>>(self, message: impl FnOnce() -> M) -> Result<T, Failure> {
        self.map_err(|cause| Failure::new(message()).caused_by(cause))
    }
}

/// A text with its control characters as escapes.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_shows_the_chain_then_code_and_hint() {
        let failure = Failure::coded(Code::new("R201"), "no GPU 99")
            .hint("this machine has GPUs 0-7")
            .context("cannot prepare container x");
        assert_eq!(
            failure.line(),
            "cannot prepare container x: no GPU 99 [R201]; hint: this machine has GPUs 0-7"
        );
    }

    #[test]
    fn a_line_is_one_line() {
        let failure = Failure::new("unknown device \u{1b}[2J\nI1120 forged");
        assert_eq!(failure.line(), "unknown device \\u{1b}[2J\\nI1120 forged");
    }
}
