//! The line between child and parent.

use driver::NvmlAnswer;

/// The line of an answer with its end; `None` only if serialization fails, which plain values cannot.
pub(crate) fn line(answer: &NvmlAnswer) -> Option<String> {
    serde_json::to_string(answer).ok().map(|json| format!("{}{json}\n", NvmlAnswer::MARK))
}

/// The last answer in the child's output.
pub(crate) fn find(output: &[u8]) -> Option<NvmlAnswer> {
    let text = String::from_utf8_lossy(output);
    NvmlAnswer::json_in(&text).find_map(|json| serde_json::from_str(json).ok())
}
