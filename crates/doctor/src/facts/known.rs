//! A fact that may not have been readable.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A fact, or the reason why it is not known. There is no default in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Known<T> {
    /// It was read.
    Known(T),
    /// It was not.
    Unknown(Reason),
}

/// Why a fact is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Reason {
    /// The kernel refused to show it to this user.
    Denied {
        /// What was looked at: a path or an address.
        what: String,
    },
    /// No answer came in time.
    Late {
        /// What was looked at.
        what: String,
        /// The deadline, in milliseconds.
        after_ms: u64,
    },
    /// It was read but is not what it should be.
    Malformed {
        /// What was looked at.
        what: String,
        /// What is wrong with it.
        how: String,
    },
    /// Reading failed in another way.
    Failed {
        /// What was looked at.
        what: String,
        /// The error.
        how: String,
    },
    /// It was not looked at, because of something else.
    NotAsked {
        /// Because of what.
        because: String,
    },
}

impl Reason {
    /// A reading that this user was refused.
    pub fn denied(what: impl Into<String>) -> Self {
        Self::Denied { what: what.into() }
    }

    /// A look that was not taken.
    pub fn not_asked(because: impl Into<String>) -> Self {
        Self::NotAsked { because: because.into() }
    }

    /// Something that was read but is not what it should be.
    pub fn malformed(what: impl Into<String>, how: impl Into<String>) -> Self {
        Self::Malformed { what: what.into(), how: how.into() }
    }

    /// Whether the kernel refused: the same look as root would succeed.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied { what } => write!(f, "no permission to read {what}"),
            Self::Late { what, after_ms } => write!(f, "no answer about {what} within {after_ms} ms"),
            Self::Malformed { what, how } => write!(f, "{what} is not understood: {how}"),
            Self::Failed { what, how } => write!(f, "cannot read {what}: {how}"),
            Self::NotAsked { because } => f.write_str(because),
        }
    }
}

impl<T> Known<T> {
    /// The fact, when it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// The fact, or why not.
    ///
    /// # Errors
    /// The reason why it is not known.
    pub fn as_result(&self) -> Result<&T, &Reason> {
        match self {
            Self::Known(value) => Ok(value),
            Self::Unknown(reason) => Err(reason),
        }
    }

    /// Another fact made from this one.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Known(value) => Known::Known(convert(value)),
            Self::Unknown(reason) => Known::Unknown(reason),
        }
    }
}

impl<T> From<Result<T, Reason>> for Known<T> {
    fn from(result: Result<T, Reason>) -> Self {
        match result {
            Ok(value) => Self::Known(value),
            Err(reason) => Self::Unknown(reason),
        }
    }
}
