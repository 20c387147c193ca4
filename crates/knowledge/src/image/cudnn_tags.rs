//! Which tags with cuDNN the images of a CUDA release have.

use super::{Flavour, LISTING, Tag};
use crate::{Cuda, Numbers, Row, Source};

/// The tags with cuDNN of one update of a release, on Ubuntu.
#[derive(Clone, Copy, Debug)]
pub struct CudnnTags {
    /// The numbers: `12.4.1`.
    pub version: &'static str,
    /// The only word for cuDNN in them.
    pub word: &'static str,
    /// The systems that have them.
    pub systems: &'static [&'static str],
}

const fn row(version: &'static str, word: &'static str, systems: &'static [&'static str]) -> CudnnTags {
    CudnnTags { version, word, systems }
}

/// Every update that the listing has; what is not here may have tags of its own.
pub const CUDNN_TAGS: &[CudnnTags] = &[
    row("11.0.3", "cudnn8", &["ubuntu16.04", "ubuntu18.04", "ubuntu20.04"]),
    row("11.1.1", "cudnn8", &["ubuntu16.04", "ubuntu18.04", "ubuntu20.04"]),
    row("11.2.2", "cudnn8", &["ubuntu16.04", "ubuntu18.04", "ubuntu20.04"]),
    row("11.3.1", "cudnn8", &["ubuntu16.04", "ubuntu18.04", "ubuntu20.04"]),
    row("11.4.3", "cudnn8", &["ubuntu18.04", "ubuntu20.04"]),
    row("11.5.2", "cudnn8", &["ubuntu18.04", "ubuntu20.04"]),
    row("11.6.1", "cudnn8", &["ubuntu20.04"]),
    row("11.6.2", "cudnn8", &["ubuntu18.04", "ubuntu20.04"]),
    row("11.7.1", "cudnn8", &["ubuntu18.04", "ubuntu20.04", "ubuntu22.04"]),
    row("11.8.0", "cudnn8", &["ubuntu18.04", "ubuntu20.04", "ubuntu22.04"]),
    row("12.0.0", "cudnn8", &["ubuntu18.04", "ubuntu20.04", "ubuntu22.04"]),
    row("12.0.1", "cudnn8", &["ubuntu18.04", "ubuntu20.04", "ubuntu22.04"]),
    row("12.1.0", "cudnn8", &["ubuntu20.04", "ubuntu22.04"]),
    row("12.1.1", "cudnn8", &["ubuntu20.04", "ubuntu22.04"]),
    row("12.2.2", "cudnn8", &["ubuntu20.04", "ubuntu22.04"]),
    row("12.3.2", "cudnn9", &["ubuntu20.04", "ubuntu22.04"]),
    row("12.4.1", "cudnn", &["ubuntu20.04", "ubuntu22.04"]),
    row("12.5.1", "cudnn", &["ubuntu20.04", "ubuntu22.04"]),
    row("12.6.0", "cudnn", &["ubuntu20.04", "ubuntu22.04", "ubuntu24.04"]),
    row("12.6.1", "cudnn", &["ubuntu20.04", "ubuntu22.04", "ubuntu24.04"]),
    row("12.6.2", "cudnn", &["ubuntu20.04", "ubuntu22.04", "ubuntu24.04"]),
    row("12.6.3", "cudnn", &["ubuntu20.04", "ubuntu22.04", "ubuntu24.04"]),
    row("12.8.0", "cudnn", &["ubuntu20.04", "ubuntu22.04", "ubuntu24.04"]),
    row("12.8.1", "cudnn", &["ubuntu20.04", "ubuntu22.04", "ubuntu24.04"]),
    row("12.9.0", "cudnn", &["ubuntu20.04", "ubuntu22.04", "ubuntu24.04"]),
    row("12.9.1", "cudnn", &["ubuntu20.04", "ubuntu22.04", "ubuntu24.04"]),
    row("13.0.0", "cudnn", &["ubuntu22.04", "ubuntu24.04"]),
    row("13.0.1", "cudnn", &["ubuntu22.04", "ubuntu24.04"]),
    row("13.0.2", "cudnn", &["ubuntu22.04", "ubuntu24.04"]),
    row("13.0.3", "cudnn", &["ubuntu22.04", "ubuntu24.04"]),
    row("13.1.1", "cudnn", &["ubuntu22.04", "ubuntu24.04"]),
    row("13.1.2", "cudnn", &["ubuntu22.04", "ubuntu24.04"]),
    row("13.2.0", "cudnn", &["ubuntu22.04", "ubuntu24.04"]),
    row("13.2.1", "cudnn", &["ubuntu22.04", "ubuntu24.04"]),
];

impl Row for CudnnTags {
    fn subject(&self) -> String {
        format!("nvidia/cuda {} with cuDNN", self.version)
    }

    fn source(&self) -> Source {
        LISTING
    }
}

/// Why no tag has cuDNN in this way; `None`: one may.
pub(super) fn contradiction(tag: &Tag) -> Option<String> {
    let word = tag.cudnn.as_deref()?;
    if tag.flavour == Some(Flavour::Base) {
        return Some("images with cuDNN are `runtime` or `devel`; `base` has none".to_owned());
    }
    let Some(row) = CUDNN_TAGS.iter().find(|row| Numbers::parse(row.version).as_ref() == Some(&tag.version))
    else {
        return of_family(tag, word);
    };
    if word != row.word {
        let meaning = major(row.word, word);
        return Some(format!("the images of CUDA {} have cuDNN as `{}`{meaning}", row.version, row.word));
    }
    let system = tag.system.as_deref().filter(|system| system.starts_with("ubuntu"))?;
    let is_there = row.systems.contains(&system);
    let systems = row.systems.join(", ");
    (!is_there).then(|| format!("CUDA {} with cuDNN is built on {systems} alone", row.version))
}

/// The numbered words ended with CUDA 12.3, whose updates the listing does not all have.
fn of_family(tag: &Tag, word: &str) -> Option<String> {
    let ended = tag.cuda()? >= Cuda::new(12, 4) && word != "cudnn";
    ended.then(|| format!("from CUDA 12.4 on the images have cuDNN as `cudnn`{}", major("cudnn", word)))
}

/// What a word means, and where what was asked for has ended.
fn major(word: &str, asked: &str) -> &'static str {
    match (word, asked) {
        ("cudnn", "cudnn8") => ", which is cuDNN 9; the last ones with cuDNN 8 are of CUDA 12.2",
        ("cudnn", _) => ", which is cuDNN 9",
        (_, "cudnn8") => "; the last ones with cuDNN 8 are of CUDA 12.2",
        _ => "",
    }
}

/// Whether two words for cuDNN mean the same major number.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let number = |word: &str| if word == "cudnn" { "cudnn9".to_owned() } else { word.to_owned() };
    number(one) == number(other)
}
