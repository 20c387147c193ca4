//! A pasted text without what terminals, log collectors and chat programs did to it.
//!
//! What remains are lower-case letters and digits, without any space: neither quotes nor line
//! breaks nor escapes matter then. Where words began is kept, so that `error 80` is not seen in `error 802`.

use super::wrapping;

/// The canonical form of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Canonical {
    /// Letters and digits only.
    pub(super) text: String,
    /// For each of them: whether a word may begin here.
    starts: Vec<bool>,
    /// For each of them: the line of the unwrapped text that it is from.
    lines: Vec<usize>,
    /// The unwrapped lines, for people.
    shown: Vec<String>,
}

impl Canonical {
    /// Of a whole log, wrappers stripped.
    pub(super) fn of_log(text: &str) -> Self {
        let mut canonical = Self::default();
        for line in wrapping::lines(text) {
            canonical.push_line(&line);
        }
        canonical
    }

    /// Of one piece of a pattern.
    pub(super) fn of_piece(text: &str) -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    }

    fn push_line(&mut self, line: &str) {
        let mut fresh = true;
        for character in line.chars() {
            if character.is_ascii_alphanumeric() {
                self.text.push(character.to_ascii_lowercase());
                self.starts.push(fresh);
                self.lines.push(self.shown.len());
            }
            fresh = !character.is_alphanumeric();
        }
        self.shown.push(line.trim().to_owned());
    }

    /// Whether a word may begin at this place, or the text ends here.
    pub(super) fn is_boundary(&self, at: usize) -> bool {
        self.starts.get(at).copied().unwrap_or(true)
    }

    /// The unwrapped lines that a range of the canonical text is from, joined.
    pub(super) fn quote(&self, start: usize, end: usize) -> String {
        let first = self.lines.get(start).copied().unwrap_or_default();
        let last = self.lines.get(end.saturating_sub(1)).copied().unwrap_or(first);
        let lines = self.shown.get(first..=last).unwrap_or_default();
        lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_spaces_and_breaks_do_not_matter() {
        let plain = Canonical::of_log("could not select device driver \"\" with capabilities: [[gpu]]").text;
        for wrapped in [
            "could not select device dri\nver “” with capabilities: [[gpu]]",
            "{\"log\":\"could not select device driver \\\"\\\" with capabilities: [[gpu]]\\n\",\"stream\":\"stderr\"}",
            "Nov 20 10:11:12 gpu1 dockerd[77]: could not select device\nNov 20 10:11:12 gpu1 dockerd[77]: driver '' with capabilities: [[gpu]]",
            "\x1b[31mcould not select device driver &quot;&quot; with capabilities: [[gpu]]\x1b[0m",
        ] {
            assert_eq!(Canonical::of_log(wrapped).text, plain, "{wrapped}");
        }
    }

    #[test]
    fn word_starts_are_kept() {
        let canonical = Canonical::of_log("error 802: x");
        let at = canonical.text.find("802").unwrap();
        assert!(canonical.is_boundary(at) && !canonical.is_boundary(at + 1) && canonical.is_boundary(99));
        assert_eq!(canonical.quote(0, 3), "error 802: x");
    }
}
