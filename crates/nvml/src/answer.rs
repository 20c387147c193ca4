//! What the child writes and the parent reads: one line of JSON.

use driver::NvmlSnapshot;
use serde::{Deserialize, Serialize};

/// The child's answer. The line starts with [`MARK`], because a library may print as well.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// What one session told.
    Snapshot(NvmlSnapshot),
    /// NVML refused: its return code and its own text.
    Error { code: u32, text: String },
    /// The library cannot be loaded: the loader's text.
    LibraryNotFound { text: String },
}

const MARK: &str = "longshore-nvml: ";

impl Answer {
    /// The line with its end; `None` only if serialization fails, which plain values cannot.
    pub(crate) fn to_line(&self) -> Option<String> {
        serde_json::to_string(self).ok().map(|json| format!("{MARK}{json}\n"))
    }

    /// The last answer in the child's output.
    pub(crate) fn find(output: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(output);
        text.lines().rev().find_map(|line| serde_json::from_str(line.strip_prefix(MARK)?).ok())
    }
}
