//! TensorFlow: the CUDA and cuDNN that its wheels were built with.

use crate::{Cuda, Numbers, Row, Source};

/// A minor release of TensorFlow.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    /// Major and minor number: (2, 18).
    pub version: (u32, u32),
    /// The CUDA it was built with.
    pub cuda: Cuda,
    /// The cuDNN it was built with, major and minor number.
    pub cudnn: (u32, u32),
    /// Python minor versions (of 3) with wheels, first and last.
    pub pythons: (u32, u32),
}

const BUILDS: Source = Source::new(
    "TensorFlow, \"Tested build configurations\", as in replicate/cog, pkg/config/tf_compatibility.json",
    "2026-06-18",
);

const fn release(minor: u32, cuda: Cuda, cudnn: (u32, u32), pythons: (u32, u32)) -> Release {
    Release { version: (2, minor), cuda, cudnn, pythons }
}

/// Releases, oldest first.
pub const RELEASES: &[Release] = &[
    release(4, Cuda::new(11, 0), (8, 0), (6, 8)),
    release(5, Cuda::new(11, 2), (8, 1), (6, 9)),
    release(6, Cuda::new(11, 2), (8, 1), (6, 9)),
    release(7, Cuda::new(11, 2), (8, 1), (7, 9)),
    release(8, Cuda::new(11, 2), (8, 1), (7, 10)),
    release(9, Cuda::new(11, 2), (8, 1), (7, 10)),
    release(10, Cuda::new(11, 2), (8, 1), (7, 10)),
    release(11, Cuda::new(11, 2), (8, 1), (7, 10)),
    release(12, Cuda::new(11, 8), (8, 6), (8, 11)),
    release(13, Cuda::new(11, 8), (8, 6), (8, 11)),
    release(14, Cuda::new(11, 8), (8, 7), (9, 11)),
    release(15, Cuda::new(12, 2), (8, 9), (9, 11)),
    release(16, Cuda::new(12, 3), (8, 9), (9, 12)),
    release(17, Cuda::new(12, 3), (8, 9), (9, 12)),
    release(18, Cuda::new(12, 5), (9, 3), (9, 12)),
    release(19, Cuda::new(12, 5), (9, 3), (9, 12)),
    release(20, Cuda::new(12, 5), (9, 3), (9, 13)),
    release(21, Cuda::new(12, 5), (9, 3), (10, 13)),
];

impl Row for Release {
    fn subject(&self) -> String {
        format!("tensorflow {}.{}", self.version.0, self.version.1)
    }

    fn source(&self) -> Source {
        BUILDS
    }
}

/// The release that a version is of.
#[must_use]
pub fn release_of(version: &str) -> Option<&'static Release> {
    match Numbers::parse(version)?.0.as_slice() {
        [major, minor, ..] => RELEASES.iter().find(|row| row.version == (*major, *minor)),
        _ => None,
    }
}
