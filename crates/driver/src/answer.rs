//! What a process that asked NVML writes and its parent reads: one line of JSON.

use crate::NvmlSnapshot;
use serde::{Deserialize, Serialize};

/// The answer of a process that asked NVML. The line starts with a mark, because a library may print
/// as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NvmlAnswer {
    /// What one session told.
    Snapshot(NvmlSnapshot),
    /// NVML refused.
    Error {
        /// Its return code.
        code: u32,
        /// Its own text.
        text: String,
    },
    /// The library cannot be loaded.
    LibraryNotFound {
        /// The loader's text.
        text: String,
    },
}

impl NvmlAnswer {
    /// What the line begins with.
    pub const MARK: &str = "longshore-nvml: ";

    /// The text of the last line in a process's output that holds an answer; give it to a JSON reader.
    pub fn json_in(output: &str) -> impl Iterator<Item = &str> {
        output.lines().rev().filter_map(|line| line.strip_prefix(Self::MARK))
    }
}
