//! Version numbers as the tables compare them.

use std::fmt;

/// A CUDA release without its update number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cuda {
    /// 12 of 12.4.
    pub major: u16,
    /// 4 of 12.4.
    pub minor: u16,
}

impl Cuda {
    /// A release.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// Reads `12.4`, `12.4.1` or the suffix of a wheel index, `cu124`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(digits) = text.strip_prefix("cu") {
            let (major, minor) = digits.split_at_checked(digits.len().checked_sub(1)?)?;
            return Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? });
        }
        match Numbers::parse(text)?.0.as_slice() {
            [major, minor] | [major, minor, _] => {
                Some(Self { major: u16::try_from(*major).ok()?, minor: u16::try_from(*minor).ok()? })
            }
            _ => None,
        }
    }

    /// The suffix that wheel indexes and local versions use: `cu124`.
    #[must_use]
    pub fn suffix(self) -> String {
        format!("cu{}{}", self.major, self.minor)
    }
}

impl fmt::Display for Cuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The compute capability of a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability {
    /// 8 of 8.9.
    pub major: u8,
    /// 9 of 8.9.
    pub minor: u8,
}

impl Capability {
    /// A capability.
    #[must_use]
    pub const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }

    /// Reads `8.9`, `89`, `sm_89` or `compute_120`; letters at the end (`90a`, `100f`) are left out.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("sm_").or_else(|| text.strip_prefix("compute_")).unwrap_or(text);
        let text = text.trim_end_matches(['a', 'f']);
        let (major, minor) = match text.split_once('.') {
            Some(parts) => parts,
            None => text.split_at_checked(text.len().checked_sub(1)?)?,
        };
        Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }

    /// Whether machine code built for `self` runs on a GPU of capability `gpu`: same major number,
    /// minor number not above (CUDA C++ Programming Guide, "Binary Compatibility").
    #[must_use]
    pub const fn code_runs_on(self, gpu: Self) -> bool {
        self.major == gpu.major && self.minor <= gpu.minor
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Numbers between dots, compared one by one: `535.104.05`, `2.8.0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Numbers(pub Vec<u32>);

impl Numbers {
    /// Reads numbers between dots and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let digits =
            |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?;
        text.split('.').map(digits).collect::<Option<Vec<u32>>>().map(Self)
    }

    /// The first number: the branch of a driver.
    #[must_use]
    pub fn first(&self) -> u32 {
        self.0.first().copied().unwrap_or(0)
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&parts.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuda_is_read_from_versions_and_suffixes() {
        let cases = [
            ("12.4", Some(Cuda::new(12, 4))),
            ("12.4.1", Some(Cuda::new(12, 4))),
            ("cu124", Some(Cuda::new(12, 4))),
            ("cu92", Some(Cuda::new(9, 2))),
            ("cu", None),
            ("cué", None),
            ("12", None),
            ("12.x", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Cuda::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn capabilities_are_read_in_every_spelling() {
        for text in ["12.0", "120", "sm_120", "compute_120", "120a", "sm_120f"] {
            assert_eq!(Capability::parse(text), Some(Capability::new(12, 0)), "{text}");
        }
        for text in ["", "x", "8.", "sm_", "é"] {
            assert_eq!(Capability::parse(text), None, "{text}");
        }
    }

    #[test]
    fn code_runs_on_the_same_major_upwards() {
        let ok = |a: &str, b: &str| Capability::parse(a).unwrap().code_runs_on(Capability::parse(b).unwrap());
        assert!(ok("8.6", "8.9") && ok("12.0", "12.1") && !ok("8.9", "8.6") && !ok("9.0", "10.0"));
    }
}
