//! The files that a Dockerfile names and that rules want to follow.

use crate::file::File;

/// The paths of requirement files that `COPY` brings in.
#[must_use]
pub fn references(_file: &File) -> Vec<String> {
    Vec::new()
}
