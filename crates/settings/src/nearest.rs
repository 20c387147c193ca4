//! Which known key a misspelt one was meant to be.

use crate::table::KEYS;

/// The known key that differs from `path` by the fewest letters, when it is few enough to be a slip:
/// in the whole path, or in the last part alone when it stands in the wrong table.
pub(crate) fn nearest(path: &str) -> Option<&'static str> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let by_path = KEYS.iter().map(|key| (apart(path, key.path), key.path)).min();
    let by_last = KEYS.iter().map(|key| (apart(&last(path), &last(key.path)), key.path)).min();
    by_path
        .filter(|(edits, known)| *edits <= 1 + known.len() / 8)
        .or(by_last.filter(|(edits, known)| *edits <= last(known).len() / 4))
        .map(|(_, known)| known)
}

/// How far two paths are apart; `-` and `_` count as the same letter.
fn apart(a: &str, b: &str) -> usize {
    diag::distance(&a.replace('_', "-"), &b.replace('_', "-"))
}
