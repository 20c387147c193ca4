//! Shell patterns for path components: `*`, `?` and sets such as `[a-z]` or `[!0-9]`.

/// Whether the whole `name` matches `pattern`. As in a shell, a leading dot of the name must be
/// written out in the pattern.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    if name.first() == Some(&'.') && pattern.first() != Some(&'.') {
        return false;
    }
    matches_from(&pattern, &name)
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

/// Goes through the name once; on a mismatch the latest `*` takes one more character. The work is
/// at most the product of both lengths.
fn matches_from(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut taken) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while taken < name.len() || at < pattern.len() {
        if pattern.get(at) == Some(&'*') {
            at += 1;
            retry = Some((at, taken));
        } else if let Some(width) = name.get(taken).and_then(|c| accepts(pattern.get(at..)?, *c)) {
            (at, taken) = (at + width, taken + 1);
        } else {
            match retry {
                Some((star, start)) if start < name.len() => {
                    (at, taken) = (star, start + 1);
                    retry = Some((star, start + 1));
                }
                _ => return false,
            }
        }
    }
    true
}

/// The length of the pattern's first element when it accepts `c`.
fn accepts(pattern: &[char], c: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => match set(pattern, c) {
            Some((true, width)) => Some(width),
            Some((false, _)) => None,
            None => (c == '[').then_some(1),
        },
        '\\' if pattern.len() > 1 => (pattern.get(1) == Some(&c)).then_some(2),
        literal => (*literal == c).then_some(1),
    }
}

/// Whether the set at the start of the pattern holds `c`, and its length; `None` when it never
/// ends, so that the bracket stands for itself.
fn set(pattern: &[char], c: char) -> Option<(bool, usize)> {
    let negated = matches!(pattern.get(1), Some('!' | '^'));
    let first = if negated { 2 } else { 1 };
    let mut at = first;
    let mut found = false;
    loop {
        let low = *pattern.get(at)?;
        if low == ']' && at > first {
            return Some((found != negated, at + 1));
        }
        let range_end = pattern.get(at + 2).filter(|end| pattern.get(at + 1) == Some(&'-') && **end != ']');
        let high = range_end.copied().unwrap_or(low);
        found |= (low..=high).contains(&c);
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
}
