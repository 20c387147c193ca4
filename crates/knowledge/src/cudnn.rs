//! cuDNN: which releases there are for a CUDA family, and what tells their binary interfaces apart.

use crate::image::Tag;
use crate::{Row, Source};

/// The releases of cuDNN for a CUDA family.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The CUDA family: 12.
    pub family: u16,
    /// The first release, major and minor number.
    pub first: (u32, u32),
    /// The last one on the day it was read.
    pub last: (u32, u32),
}

const PACKAGES: Source =
    Source::new("PyPI, releases of nvidia-cudnn-cu11, nvidia-cudnn-cu12 and nvidia-cudnn-cu13", "2026-11-21");

/// The releases by family.
pub const SPANS: &[Span] = &[
    Span { family: 11, first: (8, 5), last: (9, 10) },
    Span { family: 12, first: (8, 8), last: (9, 28) },
    Span { family: 13, first: (9, 12), last: (9, 28) },
];

impl Row for Span {
    fn subject(&self) -> String {
        format!("cuDNN for CUDA {}.x", self.family)
    }

    fn source(&self) -> Source {
        PACKAGES
    }
}

/// The releases for a CUDA family.
#[must_use]
pub fn span(family: u16) -> Option<&'static Span> {
    SPANS.iter().find(|span| span.family == family)
}

/// The library by the name that programs load: one major number cannot stand for another.
#[must_use]
pub fn library(major: u32) -> String {
    format!("libcudnn.so.{major}")
}

/// The major number of the cuDNN in an image; `None`: it has none. From CUDA 12.4 on the tags say
/// `cudnn` alone, which is 9.
#[must_use]
pub fn in_image(tag: &Tag) -> Option<u32> {
    let digits = tag.cudnn.as_deref()?.trim_start_matches("cudnn");
    Some(digits.parse().unwrap_or(9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_their_cudnn() {
        let cases = [
            ("12.2.2-cudnn8-runtime-ubuntu22.04", Some(8)),
            ("12.3.2-cudnn9-devel-ubuntu22.04", Some(9)),
            ("12.8.1-cudnn-runtime-ubuntu24.04", Some(9)),
            ("12.8.1-runtime-ubuntu24.04", None),
        ];
        for (tag, expected) in cases {
            assert_eq!(Tag::parse(tag).and_then(|tag| in_image(&tag)), expected, "{tag}");
        }
    }
}
