//! The word that was probably meant.

use diag::distance;

/// The candidate closest to `word`, when it is close enough to be a slip of the hand: at most a third
/// of the letters differ, in words of five letters two (which are exchanged).
pub(crate) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let measured = candidates.iter().map(|candidate| (distance(word, candidate), *candidate));
    let (steps, best) = measured.min()?;
    let letters = word.chars().count();
    let most = (letters / 3).max(if letters >= 5 { 2 } else { 1 });
    (letters > 2 && steps <= most).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_close_words_are_taken() {
        let words = ["capabilities", "count", "device_ids", "driver", "video"];
        let cases = [
            ("capabilties", Some("capabilities")),
            ("capability", Some("capabilities")),
            ("device_id", Some("device_ids")),
            ("vidoe", Some("video")),
            ("coutn", Some("count")),
            ("devices", None),
            ("gpu", None),
            ("id", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, &words), expected, "{word}");
        }
    }
}
