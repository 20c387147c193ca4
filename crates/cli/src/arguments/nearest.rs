//! The name that was probably meant.

/// The candidate closest to `word`, when it is close enough to be a slip of the hand: at most a
/// third of the letters differ.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let measured = candidates.map(|candidate| (distance(word, candidate), candidate));
    let (steps, best) = measured.min()?;
    (steps * 3 <= word.chars().count().max(3)).then_some(best)
}

/// Levenshtein's distance: insertions, deletions and replacements of one letter.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.chars().enumerate() {
        let mut diagonal = row;
        let mut last = row + 1;
        for (cell, other) in previous.iter_mut().skip(1).zip(&right) {
            last = (diagonal + usize::from(letter != *other)).min(last + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, last);
        }
        if let Some(first) = previous.first_mut() {
            *first = row + 1;
        }
    }
    previous.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_close_names_are_offered() {
        let names = ["dry-run", "runtime", "config"];
        for (word, expected) in
            [("dryrun", Some("dry-run")), ("runtme", Some("runtime")), ("frobnicate", None), ("x", None)]
        {
            assert_eq!(nearest(word, names.into_iter()), expected, "{word}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }
}
