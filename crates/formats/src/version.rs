//! Versions as drivers, CUDA and engines write them.
//!
//! `580.95.05` has a leading zero and `470.82` only two parts, so semantic versioning does not
//! apply. Numbers compare by value, missing ones as zero; the text is kept for showing.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A version. Two versions are equal when they compare so: `580.95.05` equals `580.95.5`; compare
/// [`Version::as_str`] where the spelling matters, as it does in file names.
#[derive(Clone, Debug)]
pub struct Version {
    numbers: Vec<u32>,
    tail: String,
    text: String,
}

impl Version {
    /// Reads numbers with dots between, an optional `v` in front and an optional tail after a `-`
    /// or `+` (`v2.1.0-rc.1`). `None` when there is no number, or one above 32 bits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = text.strip_prefix('v').unwrap_or(text);
        let (core, tail) = match bare.find(['-', '+']) {
            Some(at) => bare.split_at(at),
            None => (bare, ""),
        };
        let numbers: Option<Vec<u32>> = core.split('.').map(number).collect();
        Some(Self { numbers: numbers?, tail: tail.to_owned(), text: text.to_owned() })
    }

    /// The numbers, for example `[580, 95, 5]`.
    #[must_use]
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// The first number: the branch of a driver.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.numbers.first().copied().unwrap_or(0)
    }

    /// The second number, zero when there is none.
    #[must_use]
    pub fn minor(&self) -> u32 {
        self.numbers.get(1).copied().unwrap_or(0)
    }

    /// The version as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn significant(&self) -> &[u32] {
        let end = self.numbers.iter().rposition(|number| *number != 0).map_or(0, |last| last + 1);
        self.numbers.get(..end).unwrap_or_default()
    }

    /// What follows `-` makes a version earlier than the same one without; build data after `+`
    /// does not count.
    fn pre_release(&self) -> Option<&str> {
        let pre = self.tail.strip_prefix('-')?;
        Some(pre.split('+').next().unwrap_or(pre))
    }
}

fn number(part: &str) -> Option<u32> {
    if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.significant().cmp(other.significant()).then_with(|| {
            match (self.pre_release(), other.pre_release()) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(a), Some(b)) => compare_tails(a, b),
            }
        })
    }
}

/// Compares `rc.2` and `rc.10` part by part: numbers by value and before words.
fn compare_tails(left: &str, right: &str) -> Ordering {
    let part = |part: &str| match number(part) {
        Some(value) => (0, value, String::new()),
        None => (1, 0, part.to_owned()),
    };
    left.split('.').map(part).cmp(right.split('.').map(part))
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.significant().hash(state);
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_value() {
        use Ordering::{Equal, Greater, Less};
        let table = [
            ("580.95.05", "580.95.5", Equal),
            ("580.95.05", "580.105.08", Less),
            ("99.1", "100.1", Less),
            ("470.82", "470.82.00", Equal),
            ("12.4", "12.4.1", Less),
            ("v2.1.0-rc.1", "v2.1.0", Less),
            ("2.1.0-rc.10", "2.1.0-rc.2", Greater),
            ("2.1.0-rc.1", "2.1.0-beta.9", Greater),
            ("2.1.0+dfsg", "2.1.0", Equal),
            ("v1.0", "1.0", Equal),
        ];
        for (left, right, expected) in table {
            let (a, b) = (Version::parse(left).unwrap(), Version::parse(right).unwrap());
            assert_eq!(a.cmp(&b), expected, "{left} against {right}");
            assert_eq!(b.cmp(&a), expected.reverse(), "{right} against {left}");
            assert_eq!(a.to_string(), left);
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", "v", ".", "1.", "1..2", "x86_64", "4294967296", "+1", "1.-2"] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
    }
}
