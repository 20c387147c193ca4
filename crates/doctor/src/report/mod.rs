//! A diagnosis as text or JSON.

mod json;
mod text;
mod verdict;

pub use json::json;
pub use text::{Style, text};
pub use verdict::verdict;
