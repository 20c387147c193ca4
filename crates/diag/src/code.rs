//! Stable codes: one namespace for findings and failures of every part.

use serde::Serialize;
use std::fmt;

/// A stable code such as `R201`; `longshore explain CODE` tells its story.
///
/// The letter is the area: `H` machine (doctor), `G` lint, `R` container start (shim and hooks),
/// `C` CDI specifications, `E` engine configuration, `S` settings, `D` driver discovery, `P` plans
/// and their application, `M` the simulated host, `U` usage. A code is never used again for
/// another meaning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Code(&'static str);

impl Code {
    /// A code; its text is one letter and three digits.
    ///
    /// # Panics
    /// At compile time (every code is a `const`) when the text has another form.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        assert!(
            bytes.len() == 4
                && bytes[0].is_ascii_uppercase()
                && bytes[1].is_ascii_digit()
                && bytes[2].is_ascii_digit()
                && bytes[3].is_ascii_digit(),
            "a code is one letter and three digits"
        );
        Self(text)
    }

    /// The text, for example `R201`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
