//! Renderers, one per output format and file.

pub mod human;
pub mod json;
pub mod logrus;
