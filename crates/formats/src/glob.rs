//! Shell patterns for path components: `*`, `?` and sets such as `[a-z]` or `[!0-9]`.

use std::str::Chars;

/// A pattern that was read once and is held against many names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    elements: Vec<Element>,
    /// A leading dot of a name must be written out.
    begins_with_dot: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Element {
    Star,
    Any,
    Literal(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Pattern {
    /// Reads a pattern; every text is one. A set that never ends is no set: its bracket stands for itself.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let mut elements = Vec::with_capacity(characters.len());
        let mut rest = characters.as_slice();
        // What follows a bracket without end holds no end for another one: it is looked for once.
        let mut has_sets = true;
        while let Some((first, behind)) = rest.split_first() {
            let found = if *first == '[' && has_sets { set(behind) } else { None };
            has_sets &= *first != '[' || found.is_some();
            let (element, width) = found.unwrap_or_else(|| single(*first, behind));
            elements.push(element);
            rest = behind.get(width..).unwrap_or_default();
        }
        Self { elements, begins_with_dot: text.starts_with('.') }
    }

    /// Whether the whole `name` matches. As in a shell, a leading dot of the name must be written out in
    /// the pattern.
    ///
    /// Goes through the name once; on a mismatch the latest `*` takes one more character. The work is
    /// at most the product of both lengths.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        if name.starts_with('.') && !self.begins_with_dot {
            return false;
        }
        let (mut at, mut rest) = (0, name.chars());
        let mut retry: Option<(usize, Chars<'_>)> = None;
        loop {
            let element = self.elements.get(at);
            let mut after = rest.clone();
            match (element, after.next()) {
                (None, None) => return true,
                (Some(Element::Star), _) => {
                    at += 1;
                    retry = Some((at, rest.clone()));
                }
                (Some(element), Some(c)) if element.accepts(c) => {
                    at += 1;
                    rest = after;
                }
                // Nothing is left for this element, and less would be after another try.
                (Some(_), None) => return false,
                _ => {
                    let Some((star, from)) = &mut retry else { return false };
                    from.next();
                    (at, rest) = (*star, from.clone());
                }
            }
        }
    }
}

/// Whether the whole `name` matches `pattern`; see [`Pattern::matches`].
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    Pattern::new(pattern).matches(name)
}

/// Whether a whole path matches a pattern, component by component: no `*` reaches across a `/`.
#[must_use]
pub fn matches_path(pattern: &str, path: &str) -> bool {
    let mut names = path.split('/');
    let all = pattern.split('/').all(|part| names.next().is_some_and(|name| matches(part, name)));
    all && names.next().is_none()
}

/// Whether a text is a pattern and not just a name.
#[must_use]
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '\\'])
}

impl Element {
    fn accepts(&self, c: char) -> bool {
        match self {
            Self::Star => false,
            Self::Any => true,
            Self::Literal(literal) => *literal == c,
            Self::Set { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

/// The element that begins with `first` and is no set, and how much of what lies behind belongs to it.
fn single(first: char, behind: &[char]) -> (Element, usize) {
    match (first, behind.first()) {
        ('*', _) => (Element::Star, 0),
        ('?', _) => (Element::Any, 0),
        ('\\', Some(escaped)) => (Element::Literal(*escaped), 1),
        _ => (Element::Literal(first), 0),
    }
}

/// The set whose bracket stands before `behind`, and how much of that belongs to it; `None` when it never
/// ends.
fn set(behind: &[char]) -> Option<(Element, usize)> {
    let negated = matches!(behind.first(), Some('!' | '^'));
    let start = usize::from(negated);
    let mut at = start;
    let mut ranges = Vec::new();
    loop {
        let low = *behind.get(at)?;
        if low == ']' && at > start {
            return Some((Element::Set { negated, ranges }, at + 1));
        }
        let range_end = behind.get(at + 2).filter(|end| behind.get(at + 1) == Some(&'-') && **end != ']');
        ranges.push((low, range_end.copied().unwrap_or(low)));
        at += if range_end.is_some() { 3 } else { 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_part_by_part() {
        let table = [
            ("/usr/lib/*.so", "/usr/lib/a.so", true),
            ("/usr/*.so", "/usr/lib/a.so", false),
            ("/usr/*/a.so", "/usr/lib/a.so", true),
            ("/usr/lib", "/usr/lib/a", false),
            ("a.so", "/a.so", false),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(matches_path(pattern, path), expected, "{pattern} against {path}");
        }
        assert!(is_pattern("/dev/dri/card*") && !is_pattern("/dev/nvmap"));
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        let table = [
            ("*.conf", "nvidia.conf", true),
            ("*.conf", ".hidden.conf", false),
            (".*.conf", ".hidden.conf", true),
            ("libcuda.so.*.*", "libcuda.so.580.95.05", true),
            ("libcuda.so.*.*", "libcuda.so.1", false),
            ("gsp*.bin", "gsp_ga10x.bin", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("card[0-9]", "card7", true),
            ("card[!0-9]", "card7", false),
            ("[]x]", "]", true),
            ("[", "[", true),
            ("[[[", "[[[", true),
            ("[[a", "[b", false),
            ("[!]", "[!]", true),
            ("[]-a]*[x", "_[x", true),
            ("\\.x", ".x", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("*a*b*c", "xxaxxbxxc", true),
            ("*a*b*c", "xxaxxcxxb", false),
            ("", "", true),
            ("*", "", true),
            ("", "a", false),
        ];
        for (pattern, name, expected) in table {
            assert_eq!(matches(pattern, name), expected, "{pattern} against {name}");
        }
    }

    /// A hostile `ld.so.conf` has the longest patterns held against the longest names.
    #[test]
    fn the_longest_patterns_are_matched_in_no_time() {
        let name = "a".repeat(255);
        let patterns = [
            "*a".repeat(127) + "b",
            "*".to_owned() + &"a".repeat(127) + "b",
            "*".to_owned() + &"[".repeat(254),
        ];
        let start = std::time::Instant::now();
        for pattern in patterns {
            let pattern = Pattern::new(&pattern);
            assert!((0..20).all(|_| !pattern.matches(&name)), "{pattern:?}");
        }
        let open = "[".repeat(1 << 16);
        assert!(matches(&open, &open));
        assert!(start.elapsed().as_secs() < 5);
    }
}
