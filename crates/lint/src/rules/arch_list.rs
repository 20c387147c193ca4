//! `TORCH_CUDA_ARCH_LIST` as PyTorch reads it, for the rules on Dockerfiles and Compose files.

use crate::finding::Finding;

/// The variable.
pub(crate) const NAME: &str = "TORCH_CUDA_ARCH_LIST";

/// The first entry of a list that PyTorch does not know, and the list with all such entries put right.
pub(crate) fn wrong(list: &str) -> Option<(&str, String)> {
    let entries: Vec<&str> = list.split([';', ' ', ',']).filter(|entry| !entry.is_empty()).collect();
    let wrong = *entries.iter().find(|entry| corrected(entry).is_some())?;
    let right: Vec<String> =
        entries.iter().map(|entry| corrected(entry).unwrap_or_else(|| (*entry).to_owned())).collect();
    Some((wrong, right.join(";")))
}

/// Says what follows.
pub(crate) fn explain(finding: &mut Finding, wrong: &str, right: &str) {
    finding
        .note(format!("extensions stop with `ValueError: Unknown CUDA arch ({wrong}) or GPU not supported`"));
    finding.help(format!("architectures are written as `{right}`"));
}

/// What to say at the place.
pub(crate) fn message(wrong: &str) -> String {
    format!("PyTorch does not know the architecture `{wrong}`")
}

/// `8.9` for `sm_89`, `compute_89` and `89`; `None` for what is right, or not known.
fn corrected(entry: &str) -> Option<String> {
    let (bare, ptx) = entry.strip_suffix("+PTX").map_or((entry, ""), |bare| (bare, "+PTX"));
    let digits = bare.strip_prefix("sm_").or_else(|| bare.strip_prefix("compute_")).unwrap_or(bare);
    let number = digits.trim_end_matches(['a', 'f']);
    let is_number = matches!(number.len(), 2 | 3) && number.chars().all(|c| c.is_ascii_digit());
    if !is_number || digits.contains('.') {
        return None;
    }
    let (major, minor) = digits.split_at(number.len() - 1);
    Some(format!("{major}.{minor}{ptx}"))
}
