//! CUDA releases: the driver each came with, the floor of each family, what `nvcc` can target.

use crate::{Capability, Cuda, Numbers, Row, Source};
use std::sync::OnceLock;

/// A release of the CUDA toolkit.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    /// The release.
    pub version: Cuda,
    /// Its update number: 1 of 12.4.1.
    pub update: u16,
    /// The Linux driver that it came with: with this one or a newer one all its features work.
    pub driver: &'static str,
    /// Where it was read.
    pub source: Source,
}

const NOTES: Source = Source::new(
    "NVIDIA, CUDA Toolkit Release Notes, table \"CUDA Toolkit and Corresponding Driver Versions\"",
    "2026-10-01",
);

const fn release(major: u16, minor: u16, update: u16, driver: &'static str) -> Release {
    Release { version: Cuda::new(major, minor), update, driver, source: NOTES }
}

/// Releases, oldest first.
pub const RELEASES: &[Release] = &[
    release(10, 0, 130, "410.48"),
    release(10, 1, 105, "418.39"),
    release(10, 2, 89, "440.33"),
    release(11, 0, 3, "450.51.06"),
    release(11, 1, 1, "455.32"),
    release(11, 2, 2, "460.32.03"),
    release(11, 3, 1, "465.19.01"),
    release(11, 4, 4, "470.82.01"),
    release(11, 5, 2, "495.29.05"),
    release(11, 6, 2, "510.47.03"),
    release(11, 7, 1, "515.65.01"),
    release(11, 8, 0, "520.61.05"),
    release(12, 0, 0, "525.60.13"),
    release(12, 0, 1, "525.85.12"),
    release(12, 1, 1, "530.30.02"),
    release(12, 2, 0, "535.54.03"),
    release(12, 2, 1, "535.86.09"),
    release(12, 2, 2, "535.104.05"),
    release(12, 3, 0, "545.23.06"),
    release(12, 3, 1, "545.23.08"),
    release(12, 4, 0, "550.54.14"),
    release(12, 4, 1, "550.54.15"),
    release(12, 5, 0, "555.42.02"),
    release(12, 5, 1, "555.42.06"),
    release(12, 6, 0, "560.28.03"),
    release(12, 6, 2, "560.35.03"),
    release(12, 6, 3, "560.35.05"),
    release(12, 8, 0, "570.26"),
    release(12, 8, 1, "570.124.06"),
    release(12, 9, 0, "575.51.03"),
    release(12, 9, 1, "575.57.08"),
    release(13, 0, 0, "580.65.06"),
    release(13, 0, 1, "580.82.07"),
    release(13, 0, 2, "580.95.05"),
    release(13, 1, 0, "590.44.01"),
    release(13, 1, 1, "590.48.01"),
    release(13, 2, 0, "595.45.04"),
    release(13, 2, 1, "595.58.03"),
    release(13, 2, 2, "595.71.05"),
    release(13, 3, 0, "610.43.02"),
];

impl Row for Release {
    fn subject(&self) -> String {
        format!("CUDA {}.{}", self.version, self.update)
    }

    fn source(&self) -> Source {
        self.source
    }
}

static WITH_DATA: OnceLock<Vec<Release>> = OnceLock::new();

/// The releases with those of a data file, oldest first.
#[must_use]
pub fn releases() -> &'static [Release] {
    WITH_DATA.get().map_or(RELEASES, Vec::as_slice)
}

/// Lays rows over the table.
pub(crate) fn lay_over(rows: Vec<Release>) {
    let mut all = rows;
    let is_new =
        |row: &&Release| !all.iter().any(|new| (new.version, new.update) == (row.version, row.update));
    let kept: Vec<Release> = RELEASES.iter().filter(is_new).copied().collect();
    all.extend(kept);
    all.sort_by_key(|row| (row.version, row.update));
    let _ = WITH_DATA.set(all);
}

/// All releases with one major number; they share a driver floor through minor version
/// compatibility.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The major number.
    pub major: u16,
    /// The oldest Linux driver on which programs built with any release of the family start.
    pub floor: &'static str,
    /// The oldest capability for which its `nvcc` makes code.
    pub oldest: Capability,
}

const COMPATIBILITY: Source =
    Source::new("NVIDIA, CUDA Compatibility, \"Minor Version Compatibility\", table 1", "2026-10-01");

/// Families with minor version compatibility.
pub const FAMILIES: &[Family] = &[
    Family { major: 11, floor: "450.80.02", oldest: Capability::new(3, 5) },
    Family { major: 12, floor: "525.60.13", oldest: Capability::new(5, 0) },
    Family { major: 13, floor: "580.65.06", oldest: Capability::new(7, 5) },
];

impl Row for Family {
    fn subject(&self) -> String {
        format!("CUDA {}.x", self.major)
    }

    fn source(&self) -> Source {
        COMPATIBILITY
    }
}

/// The first release whose `nvcc` knows a capability.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The capability.
    pub capability: Capability,
    /// The release.
    pub since: Cuda,
}

const NVCC: Source = Source::new(
    "NVIDIA, data center driver documentation, \"CUDA Toolkit, Driver, and Architecture Matrix\"; \
     Kitware CMake, Modules/Internal/CUDA/architectures.cmake",
    "2026-10-01",
);

const fn target(major: u8, minor: u8, cuda_major: u16, cuda_minor: u16) -> Target {
    Target { capability: Capability::new(major, minor), since: Cuda::new(cuda_major, cuda_minor) }
}

/// Capabilities that `nvcc` can target, with the first release that can.
pub const TARGETS: &[Target] = &[
    target(7, 0, 9, 0),
    target(7, 2, 9, 2),
    target(7, 5, 10, 0),
    target(8, 0, 11, 0),
    target(8, 6, 11, 1),
    target(8, 7, 11, 5),
    target(8, 9, 11, 8),
    target(9, 0, 11, 8),
    target(10, 0, 12, 8),
    target(10, 3, 12, 9),
    target(11, 0, 13, 0),
    target(12, 0, 12, 8),
    target(12, 1, 12, 9),
];

impl Row for Target {
    fn subject(&self) -> String {
        format!("nvcc for {}", self.capability)
    }

    fn source(&self) -> Source {
        NVCC
    }
}

/// The family of a release.
#[must_use]
pub fn family(version: Cuda) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.major == version.major)
}

/// The driver that the first update of a release came with.
#[must_use]
pub fn own_driver(version: Cuda) -> Option<&'static str> {
    releases().iter().find(|release| release.version == version).map(|release| release.driver)
}

/// The newest release of the tables.
#[must_use]
pub fn newest() -> Cuda {
    releases().iter().map(|release| release.version).max().unwrap_or(Cuda::new(0, 0))
}

/// Whether a release is in the tables.
#[must_use]
pub fn is_known(version: Cuda) -> bool {
    own_driver(version).is_some()
}

/// How a program built with a release meets a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The driver is as new as the release or newer.
    Full,
    /// Older than the release, but of its family: runs, except for features that need the newer
    /// driver and for PTX that the driver would have to compile.
    MinorVersion,
    /// Older than the family: `CUDA driver version is insufficient for CUDA runtime version`.
    TooOld,
}

/// How programs built with `version` meet `driver` (`535`, `535.104.05`). A branch alone is taken
/// as any driver of that branch. `None`: one of them is not in the tables.
#[must_use]
pub fn fit(version: Cuda, driver: &Numbers) -> Option<Fit> {
    let own = Numbers::parse(own_driver(version)?)?;
    if at_least(driver, &own) {
        return Some(Fit::Full);
    }
    let floor = family(version).map_or(Some(own), |family| Numbers::parse(family.floor))?;
    Some(if at_least(driver, &floor) { Fit::MinorVersion } else { Fit::TooOld })
}

/// Whether a driver is as new as `wanted`; numbers that `driver` does not give are taken as enough.
fn at_least(driver: &Numbers, wanted: &Numbers) -> bool {
    for (has, wants) in driver.0.iter().zip(&wanted.0) {
        if has != wants {
            return has > wants;
        }
    }
    true
}

/// Capabilities of GPUs before Volta: what begins with a later one has left them behind.
const RETIRED: &[(u8, u8)] =
    &[(3, 0), (3, 2), (3, 5), (3, 7), (5, 0), (5, 2), (5, 3), (6, 0), (6, 1), (6, 2)];

/// Whether the `nvcc` of a release can make code for a capability; `None`: not in the tables.
#[must_use]
pub fn can_target(version: Cuda, capability: Capability) -> Option<bool> {
    let oldest = family(version)?.oldest;
    if RETIRED.contains(&(capability.major, capability.minor)) && capability < oldest {
        return (version <= newest()).then_some(false);
    }
    let since = TARGETS.iter().find(|target| target.capability == capability)?.since;
    (version <= newest()).then_some(version >= since && capability >= oldest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_meet_releases() {
        let cases = [
            ("12.2", "535", Some(Fit::Full)),
            ("12.8", "535.104.05", Some(Fit::MinorVersion)),
            ("12.8", "525.60.13", Some(Fit::MinorVersion)),
            ("12.8", "520", Some(Fit::TooOld)),
            ("13.0", "575.57.08", Some(Fit::TooOld)),
            ("13.2", "580", Some(Fit::MinorVersion)),
            ("11.8", "450.80.02", Some(Fit::MinorVersion)),
            ("10.2", "418", Some(Fit::TooOld)),
            ("10.2", "580", Some(Fit::Full)),
            ("12.7", "580", None),
        ];
        for (cuda, driver, expected) in cases {
            let fit = fit(Cuda::parse(cuda).unwrap(), &Numbers::parse(driver).unwrap());
            assert_eq!(fit, expected, "CUDA {cuda} on {driver}");
        }
    }

    #[test]
    fn compilers_know_targets() {
        let cases = [
            ("12.8", "12.0", Some(true)),
            ("12.6", "12.0", Some(false)),
            ("13.0", "7.0", Some(false)),
            ("12.9", "7.0", Some(true)),
            ("12.9", "6.1", None),
            ("13.0", "6.1", Some(false)),
            ("12.4", "3.5", Some(false)),
            ("13.0", "6.5", None),
            ("13.0", "7.5", Some(true)),
            ("99.0", "8.0", None),
        ];
        for (cuda, capability, expected) in cases {
            let can = can_target(Cuda::parse(cuda).unwrap(), Capability::parse(capability).unwrap());
            assert_eq!(can, expected, "CUDA {cuda} for {capability}");
        }
    }
}
