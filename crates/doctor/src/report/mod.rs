//! A diagnosis as text or JSON.

mod explanation;
mod html;
mod json;
mod text;
mod verdict;

pub use explanation::{explanation, explanation_json};
pub use html::html;
pub use json::json;
pub use text::{Style, text};
pub use verdict::verdict;
