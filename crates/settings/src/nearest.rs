//! Which known key a misspelt one was meant to be.

use crate::table::KEYS;

/// The known key that differs from `path` by the fewest letters, when it is few enough to be a slip:
/// in the whole path, or in the last part alone when it stands in the wrong table.
pub(crate) fn nearest(path: &str) -> Option<&'static str> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let by_path = KEYS.iter().map(|key| (distance(path, key.path), key.path)).min();
    let by_last = KEYS.iter().map(|key| (distance(&last(path), &last(key.path)), key.path)).min();
    by_path
        .filter(|(edits, known)| *edits <= 1 + known.len() / 8)
        .or(by_last.filter(|(edits, known)| *edits <= last(known).len() / 4))
        .map(|(_, known)| known)
}

/// Levenshtein distance; `-` and `_` count as the same letter.
fn distance(a: &str, b: &str) -> usize {
    let letters = |text: &str| text.chars().map(|c| if c == '_' { '-' } else { c }).collect::<Vec<_>>();
    let (a, b) = (letters(a), letters(b));
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
