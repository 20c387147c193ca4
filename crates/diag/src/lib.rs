//! The words in which every part of Longshore reports: codes, failures, findings.
//!
//! A [`Failure`] is an error that ends an operation: what, where, why and what next, with a stable
//! [`Code`]. A [`Finding`] is an observation that a check or rule makes; it is a value, never an
//! `Err`. Nothing here prints: renderers give strings.

mod code;
mod distance;
mod failure;
mod finding;
pub mod render;

pub use code::Code;
pub use distance::distance;
pub use failure::{Failure, ResultExt, one_line};
pub use finding::{Finding, Outcome, Severity};

/// The result type of all fallible operations in this workspace.
pub type Result<T> = std::result::Result<T, Failure>;
