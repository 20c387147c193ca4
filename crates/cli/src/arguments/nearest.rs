//! The name that was probably meant.

use diag::distance;

/// The candidate closest to `word`, when it is close enough to be a slip of the hand: at most a
/// third of the letters differ.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let measured = candidates.map(|candidate| (distance(word, candidate), candidate));
    let (steps, best) = measured.min()?;
    (steps * 3 <= word.chars().count().max(3)).then_some(best)
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
    }
}
