//! Driver branches: what kind each is and until when it is maintained.

use crate::{Cuda, Row, Source, cuda};

/// A branch of the Linux driver, named by the first number of its versions.
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    /// The first number.
    pub number: u32,
    /// What NVIDIA calls it.
    pub kind: Kind,
    /// Last month of its maintenance for data center GPUs, `YYYY-MM`; `None`: it was never
    /// maintained beyond the next branch, or its end is not in the tables.
    pub end: Option<&'static str>,
}

/// Kinds of branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Maintained for three years.
    LongTerm,
    /// Maintained for a year.
    Production,
    /// Ends when the next branch appears.
    NewFeature,
}

impl Kind {
    /// The words for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::LongTerm => "long term support branch",
            Self::Production => "production branch",
            Self::NewFeature => "new feature branch",
        }
    }
}

const LIFECYCLE: Source = Source::new(
    "NVIDIA, data center driver documentation, \"Supported Drivers and CUDA Toolkit Versions\" \
     (editions 580 and 615)",
    "2026-09-09",
);

const fn branch(number: u32, kind: Kind, end: Option<&'static str>) -> Branch {
    Branch { number, kind, end }
}

/// Branches, oldest first.
pub const BRANCHES: &[Branch] = &[
    branch(418, Kind::LongTerm, Some("2022-03")),
    branch(440, Kind::NewFeature, Some("2020-11")),
    branch(450, Kind::LongTerm, Some("2023-07")),
    branch(455, Kind::NewFeature, None),
    branch(460, Kind::Production, Some("2022-01")),
    branch(535, Kind::LongTerm, Some("2026-06")),
    branch(570, Kind::Production, Some("2026-02")),
    branch(580, Kind::LongTerm, Some("2028-06")),
    branch(595, Kind::Production, Some("2027-03")),
    branch(610, Kind::NewFeature, Some("2026-08")),
];

impl Row for Branch {
    fn subject(&self) -> String {
        format!("driver branch {}", self.number)
    }

    fn source(&self) -> Source {
        LIFECYCLE
    }
}

/// The branch of a driver.
#[must_use]
pub fn branch_of(number: u32) -> Option<&'static Branch> {
    BRANCHES.iter().find(|branch| branch.number == number)
}

/// The newest CUDA release of which the branch has all features, and the newest that starts on it
/// through minor version compatibility. `None`: older than the tables.
#[must_use]
pub fn reach(number: u32) -> Option<(Cuda, Cuda)> {
    let first =
        |text: &str| text.split('.').next().and_then(|part| part.parse::<u32>().ok()).unwrap_or(u32::MAX);
    let full =
        cuda::releases().iter().filter(|row| first(row.driver) <= number).map(|row| row.version).max()?;
    let major = cuda::FAMILIES.iter().filter(|row| first(row.floor) <= number).map(|row| row.major).max();
    let newest =
        |major| cuda::releases().iter().map(|row| row.version).filter(|version| version.major == major).max();
    Some((full, major.and_then(newest).unwrap_or(full).max(full)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_reach_releases() {
        let cases = [
            (535, Some(("12.2", "12.9"))),
            (525, Some(("12.0", "12.9"))),
            (520, Some(("11.8", "11.8"))),
            (470, Some(("11.4", "11.8"))),
            (580, Some(("13.0", "13.3"))),
            (575, Some(("12.9", "12.9"))),
            (418, Some(("10.1", "10.1"))),
            (390, None),
        ];
        for (number, expected) in cases {
            let found = reach(number).map(|(full, minor)| (full.to_string(), minor.to_string()));
            assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())), "{number}");
        }
    }
}
