//! When the systems of tags stopped to get fixes.

use crate::{Row, Source};

/// The end of a system's maintenance.
#[derive(Clone, Copy, Debug)]
pub struct SystemEnd {
    /// As in tags.
    pub name: &'static str,
    /// The month, `YYYY-MM`.
    pub end: &'static str,
    /// Where it was read.
    pub source: Source,
}

const CANONICAL: Source =
    Source::new("Canonical, Ubuntu release cycle, end of standard security maintenance", "2026-11-20");
const CENTOS: Source = Source::new("CentOS project, end dates of CentOS Linux", "2026-11-20");

/// Systems of tags whose maintenance has ended.
pub const SYSTEM_ENDS: &[SystemEnd] = &[
    SystemEnd { name: "ubuntu16.04", end: "2021-04", source: CANONICAL },
    SystemEnd { name: "ubuntu18.04", end: "2023-05", source: CANONICAL },
    SystemEnd { name: "ubuntu20.04", end: "2025-05", source: CANONICAL },
    SystemEnd { name: "centos7", end: "2024-06", source: CENTOS },
    SystemEnd { name: "centos8", end: "2021-12", source: CENTOS },
];

impl Row for SystemEnd {
    fn subject(&self) -> String {
        format!("end of {}", self.name)
    }

    fn source(&self) -> Source {
        self.source
    }
}

/// The end of a system's maintenance, when it is past.
#[must_use]
pub fn system_end(name: &str) -> Option<&'static SystemEnd> {
    SYSTEM_ENDS.iter().find(|row| row.name == name)
}
