//! Tags of `nvidia/cuda` images: their parts, and which are known not to exist.

mod cudnn_tags;
mod system_ends;

pub use cudnn_tags::{CUDNN_TAGS, CudnnTags};
pub use system_ends::{SYSTEM_ENDS, SystemEnd, system_end};

use crate::{Cuda, Numbers, Row, Source};
use cudnn_tags::{contradiction, is_same};

/// The parts of a tag such as `12.4.1-cudnn-devel-ubuntu22.04`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The numbers of the CUDA release, three in every tag that exists today.
    pub version: Numbers,
    /// The word for cuDNN: `cudnn`, `cudnn8`.
    pub cudnn: Option<String>,
    /// What is installed; `None`: the tag does not say.
    pub flavour: Option<Flavour>,
    /// The system: `ubuntu22.04`; `None`: the tag does not say.
    pub system: Option<String>,
    /// Whether it holds words that are none of these.
    pub has_other_words: bool,
    /// Whether the words stand in the order of all tags: cuDNN, flavour, system.
    pub is_in_order: bool,
}

/// What an image holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flavour {
    /// The CUDA runtime library alone.
    Base,
    /// The math libraries and NCCL too.
    Runtime,
    /// The compiler, headers and static libraries too.
    Devel,
}

impl Tag {
    /// Reads a tag that begins with numbers; `None` for others (`latest`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split('-');
        let version = Numbers::parse(words.next()?)?;
        let mut tag = Self {
            version,
            cudnn: None,
            flavour: None,
            system: None,
            has_other_words: false,
            is_in_order: true,
        };
        for word in words {
            let later = tag.system.is_some() || (tag.flavour.is_some() && word.starts_with("cudnn"));
            tag.is_in_order &= !later;
            tag.take(word);
        }
        Some(tag)
    }

    fn take(&mut self, word: &str) {
        match word {
            "base" => self.flavour = Some(Flavour::Base),
            "runtime" => self.flavour = Some(Flavour::Runtime),
            "devel" => self.flavour = Some(Flavour::Devel),
            _ if word.starts_with("cudnn") => self.cudnn = Some(word.to_owned()),
            _ if SYSTEMS.iter().any(|system| word.starts_with(system)) => self.system = Some(word.to_owned()),
            _ => self.has_other_words = true,
        }
    }

    /// The CUDA release.
    #[must_use]
    pub fn cuda(&self) -> Option<Cuda> {
        Cuda::parse(&self.version.to_string())
    }
}

/// Names of systems in tags, without their version.
const SYSTEMS: &[&str] = &[
    "ubuntu",
    "ubi",
    "centos",
    "rockylinux",
    "rocky",
    "opensuse",
    "debian",
    "cm",
    "azl",
    "oraclelinux",
    "fedora",
];

/// Releases whose tags NVIDIA announced as deleted and that were then found missing.
#[derive(Clone, Copy, Debug)]
pub struct Deleted {
    /// First numbers of the release: `11.7.0`, `10`.
    pub version: &'static str,
    /// Where it was read.
    pub source: Source,
}

const ANNOUNCED: Source = Source::new(
    "NVIDIA container-images/cuda issue 209 (list of deleted releases), quoted in NVIDIA/cudf-spark-examples#311; \
     missing from the registry listing in replicate/cog, pkg/config/cuda_compatibility.json",
    "2026-06-18",
);

const fn deleted(version: &'static str) -> Deleted {
    Deleted { version, source: ANNOUNCED }
}

/// The deleted releases. 11.6.1 was announced too, but some of its tags are still there.
pub const DELETED: &[Deleted] = &[
    deleted("7"),
    deleted("8"),
    deleted("9"),
    deleted("10"),
    deleted("11.2.0"),
    deleted("11.2.1"),
    deleted("11.3.0"),
    deleted("11.4.0"),
    deleted("11.4.1"),
    deleted("11.4.2"),
    deleted("11.5.0"),
    deleted("11.5.1"),
    deleted("11.6.0"),
    deleted("11.7.0"),
];

impl Row for Deleted {
    fn subject(&self) -> String {
        format!("nvidia/cuda {}", self.version)
    }

    fn source(&self) -> Source {
        self.source
    }
}

/// The CUDA releases that were ever built on a system.
#[derive(Clone, Copy, Debug)]
pub struct System {
    /// As in tags.
    pub name: &'static str,
    /// The first release with it.
    pub first: Cuda,
    /// The last release with it, where it has ended.
    pub last: Option<Cuda>,
}

const LISTING: Source = Source::new(
    "registry listing of nvidia/cuda in replicate/cog, pkg/config/cuda_compatibility.json; CUDA release notes, \
     dropped operating systems",
    "2026-06-18",
);

/// Systems, as wide as what was found plus one release where the listing is not complete.
pub const SYSTEM_SPANS: &[System] = &[
    System { name: "ubuntu16.04", first: Cuda::new(8, 0), last: Some(Cuda::new(11, 4)) },
    System { name: "ubuntu18.04", first: Cuda::new(9, 0), last: Some(Cuda::new(12, 1)) },
    System { name: "ubuntu20.04", first: Cuda::new(11, 0), last: Some(Cuda::new(12, 9)) },
    System { name: "ubuntu22.04", first: Cuda::new(11, 7), last: None },
    System { name: "ubuntu24.04", first: Cuda::new(12, 5), last: None },
];

impl Row for System {
    fn subject(&self) -> String {
        format!("nvidia/cuda on {}", self.name)
    }

    fn source(&self) -> Source {
        LISTING
    }
}

/// The last update of a release that has images.
#[derive(Clone, Copy, Debug)]
pub struct LastUpdate {
    /// The numbers: `12.4.1`.
    pub version: &'static str,
    /// The word for cuDNN in its tags.
    pub cudnn: &'static str,
}

/// The last updates, oldest first.
pub const LAST_UPDATES: &[LastUpdate] = &[
    LastUpdate { version: "11.0.3", cudnn: "cudnn8" },
    LastUpdate { version: "11.1.1", cudnn: "cudnn8" },
    LastUpdate { version: "11.2.2", cudnn: "cudnn8" },
    LastUpdate { version: "11.3.1", cudnn: "cudnn8" },
    LastUpdate { version: "11.4.3", cudnn: "cudnn8" },
    LastUpdate { version: "11.5.2", cudnn: "cudnn8" },
    LastUpdate { version: "11.6.2", cudnn: "cudnn8" },
    LastUpdate { version: "11.7.1", cudnn: "cudnn8" },
    LastUpdate { version: "11.8.0", cudnn: "cudnn8" },
    LastUpdate { version: "12.0.1", cudnn: "cudnn8" },
    LastUpdate { version: "12.1.1", cudnn: "cudnn8" },
    LastUpdate { version: "12.2.2", cudnn: "cudnn8" },
    LastUpdate { version: "12.3.2", cudnn: "cudnn9" },
    LastUpdate { version: "12.4.1", cudnn: "cudnn" },
    LastUpdate { version: "12.5.1", cudnn: "cudnn" },
    LastUpdate { version: "12.6.3", cudnn: "cudnn" },
    LastUpdate { version: "12.8.2", cudnn: "cudnn" },
    LastUpdate { version: "12.9.2", cudnn: "cudnn" },
    LastUpdate { version: "13.0.3", cudnn: "cudnn" },
    LastUpdate { version: "13.1.2", cudnn: "cudnn" },
    LastUpdate { version: "13.2.1", cudnn: "cudnn" },
    LastUpdate { version: "13.3.0", cudnn: "cudnn" },
];

impl Row for LastUpdate {
    fn subject(&self) -> String {
        format!("nvidia/cuda {}", self.version)
    }

    fn source(&self) -> Source {
        LISTING
    }
}

/// The last update of a release that has images.
#[must_use]
pub fn last_update(version: Cuda) -> Option<&'static LastUpdate> {
    LAST_UPDATES.iter().find(|row| Cuda::parse(row.version) == Some(version))
}

/// What is known about a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does not exist; the text says why, as a fragment.
    Missing {
        /// Why.
        reason: String,
        /// Where it was read.
        source: Source,
        /// A tag that exists and says the same, when there is one.
        instead: Option<String>,
    },
    /// Nothing speaks against it; it has the parts that existing tags have.
    Plausible,
    /// Of another form than the tables know.
    Unknown,
}

const LATEST: Source = Source::new(
    "NVIDIA container-images/cuda README, announcement on `latest`; NVIDIA/nvidia-docker#1454",
    "2021-01-28",
);

/// What is known about the tag of an `nvidia/cuda` image; an image without a tag has `latest`.
#[must_use]
pub fn judge(text: &str) -> Verdict {
    if text == "latest" || text.is_empty() {
        return Verdict::Missing {
            reason: "`nvidia/cuda` has had no `latest` tag since January 2021".into(),
            source: LATEST,
            instead: None,
        };
    }
    let Some(tag) = Tag::parse(text) else { return Verdict::Unknown };
    if tag.has_other_words {
        return Verdict::Unknown;
    }
    let instead = suggest(&tag);
    let missing = |reason: String, source| Verdict::Missing { reason, source, instead: instead.clone() };
    if let Some(row) = deleted_release(&tag) {
        return missing(format!("NVIDIA has deleted the images of CUDA {}", row.version), row.source);
    }
    if tag.system.is_none() {
        return missing("every tag names its system at the end, such as `-ubuntu22.04`".into(), LISTING);
    }
    if tag.version.0.len() < 3 {
        return missing("every tag has three numbers; the short forms are gone".into(), LISTING);
    }
    if !tag.is_in_order {
        return missing("every tag says cuDNN first, then what it holds, then the system".into(), LISTING);
    }
    if let Some(reason) = contradiction(&tag) {
        return missing(reason, LISTING);
    }
    system_verdict(&tag).map_or(Verdict::Plausible, |(reason, source)| missing(reason, source))
}

fn deleted_release(tag: &Tag) -> Option<&'static Deleted> {
    let ubuntu = tag.system.as_ref().is_none_or(|system| system.starts_with("ubuntu"));
    DELETED
        .iter()
        .filter(|_| ubuntu)
        .find(|row| Numbers::parse(row.version).is_some_and(|numbers| tag.version.0.starts_with(&numbers.0)))
}

fn system_verdict(tag: &Tag) -> Option<(String, Source)> {
    let name = tag.system.as_deref()?;
    if name.starts_with("debian") {
        return Some(("there are no images on Debian".into(), LISTING));
    }
    let cuda = tag.cuda()?;
    let row = SYSTEM_SPANS.iter().find(|row| row.name == name)?;
    if cuda < row.first {
        return Some((format!("images on {name} begin with CUDA {}", row.first), LISTING));
    }
    let last = row.last.filter(|last| cuda > *last)?;
    Some((format!("the last images on {name} are of CUDA {last}"), LISTING))
}

/// The tag with the last update of the same release on a system that it has.
fn suggest(tag: &Tag) -> Option<String> {
    let version = tag.cuda().or_else(|| tag.version.0.first().map(|major| last_of_family(*major))?)?;
    let row = last_update(version).or_else(|| last_update(last_of_family(u32::from(version.major))?))?;
    // Another cuDNN is another library: nothing that was built for the old one finds it.
    if tag.cudnn.as_deref().is_some_and(|word| !is_same(word, row.cudnn)) {
        return None;
    }
    let is_foreign = |name: &str| !name.starts_with("ubuntu") && !name.starts_with("debian");
    let own = tag.system.as_deref().filter(|name| has_images(row, name) || is_foreign(name));
    let system =
        own.or_else(|| ["ubuntu22.04", "ubuntu20.04"].into_iter().find(|name| has_images(row, name)))?;
    let flavour = match tag.flavour? {
        Flavour::Base if tag.cudnn.is_some() => "runtime",
        Flavour::Base => "base",
        Flavour::Runtime => "runtime",
        Flavour::Devel => "devel",
    };
    let cudnn = if tag.cudnn.is_some() { format!("{}-", row.cudnn) } else { String::new() };
    Some(format!("{}-{cudnn}{flavour}-{system}", row.version))
}

/// Whether an update has images on a system of Ubuntu, those with cuDNN too.
fn has_images(update: &LastUpdate, name: &str) -> bool {
    let Some(cuda) = Cuda::parse(update.version) else { return false };
    let in_span = |span: &System| cuda >= span.first && span.last.is_none_or(|last| cuda <= last);
    let listed = CUDNN_TAGS.iter().find(|listed| listed.version == update.version);
    SYSTEM_SPANS.iter().any(|span| span.name == name && in_span(span))
        && listed.is_none_or(|listed| listed.systems.contains(&name))
}

fn last_of_family(major: u32) -> Option<Cuda> {
    let major = u16::try_from(major).ok()?;
    LAST_UPDATES
        .iter()
        .filter_map(|row| Cuda::parse(row.version))
        .filter(|version| version.major == major)
        .max()
}

/// Why the images of a tag get no more fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A later update of the release has taken its place.
    Replaced {
        /// The last update.
        last: &'static str,
        /// The same tag with it, when the tag says enough.
        instead: Option<String>,
    },
    /// The driver branch of the release has ended.
    Branch {
        /// The branch.
        number: u32,
        /// The last month of its maintenance.
        end: &'static str,
        /// Where it was read.
        source: Source,
    },
}

/// The day for which the tables hold; ends after it are in the future.
const TODAY: &str = "2026-11";

/// Why the images of a tag get no more fixes; `None`: they do, or it is not known.
#[must_use]
pub fn ended(tag: &Tag) -> Option<Ended> {
    let version = tag.cuda().filter(|_| !tag.has_other_words)?;
    let last = last_update(version)?;
    if tag.version.0.len() == 3 && Numbers::parse(last.version)? > tag.version {
        return Some(Ended::Replaced { last: last.version, instead: suggest(tag) });
    }
    let number = Numbers::parse(crate::cuda::own_driver(version)?)?.first();
    // Branches that have ended of late may have a release whose images are still rebuilt.
    let counts = |row: &&crate::driver::Branch| {
        row.kind == crate::driver::Kind::LongTerm || row.end.is_some_and(|end| end < "2025")
    };
    let branch = crate::driver::branch_of(number).filter(counts)?;
    let end = branch.end.filter(|end| *end < TODAY)?;
    Some(Ended::Branch { number, end, source: branch.source() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_taken_apart() {
        let tag = Tag::parse("12.4.1-cudnn-devel-ubuntu22.04").unwrap();
        assert_eq!(tag.flavour, Some(Flavour::Devel));
        assert_eq!(tag.cudnn.as_deref(), Some("cudnn"));
        assert_eq!(tag.system.as_deref(), Some("ubuntu22.04"));
        assert_eq!(tag.cuda(), Some(Cuda::new(12, 4)));
        assert_eq!(Tag::parse("latest"), None);
    }

    #[test]
    fn tags_end() {
        let cases = [
            ("12.1.0-base-ubuntu22.04", Some("12.1.1")),
            ("12.1.1-base-ubuntu22.04", None),
            ("12.2.2-base-ubuntu22.04", Some("2026-06")),
            ("11.8.0-base-ubuntu22.04", None),
            ("13.0.3-base-ubuntu22.04", None),
            ("13.3.0-base-ubuntu22.04", None),
            ("12.8.2-base-ubuntu22.04", None),
            ("12.1.0-custom", None),
        ];
        for (text, expected) in cases {
            let found = ended(&Tag::parse(text).unwrap()).map(|ended| match ended {
                Ended::Replaced { last, .. } => last,
                Ended::Branch { end, .. } => end,
            });
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn tags_are_judged() {
        let missing = |instead: Option<&str>| Some(instead.map(str::to_owned));
        let cases = [
            ("latest", missing(None)),
            ("11.8.0-base", missing(Some("11.8.0-base-ubuntu22.04"))),
            ("11.0-base", missing(Some("11.0.3-base-ubuntu20.04"))),
            ("11.0-base-ubuntu20.04", missing(Some("11.0.3-base-ubuntu20.04"))),
            ("11.7.0-cudnn8-runtime-ubuntu18.04", missing(Some("11.7.1-cudnn8-runtime-ubuntu18.04"))),
            ("10.2-cudnn7-devel-ubuntu18.04", missing(None)),
            ("9.0-devel", missing(None)),
            ("12.2.0-base-ubuntu24.04", missing(Some("12.2.2-base-ubuntu22.04"))),
            ("13.0.1-base-ubuntu20.04", missing(Some("13.0.3-base-ubuntu22.04"))),
            ("11.6.1-cudnn8-devel-ubuntu20.04", None),
            ("12.1.0-runtime-ubuntu22.04", None),
            ("12.8.1-cudnn-runtime-ubuntu24.04", None),
            ("11.7.0-base-ubi8", None),
            ("12.3.2-base-rockylinux9", None),
            ("12.9.1-something-ubuntu24.04", None),
            ("my-own", None),
            ("12.4.0-cudnn8-devel-ubuntu22.04", missing(None)),
            ("12.4.1-cudnn8-devel-ubuntu22.04", missing(None)),
            ("12.6.0-cudnn9-runtime-ubuntu22.04", missing(Some("12.6.3-cudnn-runtime-ubuntu22.04"))),
            ("12.4.0-cudnn-devel-ubuntu22.04", None),
            ("12.3.1-cudnn8-devel-ubuntu22.04", None),
            ("11.8.0-cudnn9-devel-ubuntu22.04", missing(None)),
            ("12.1.1-cudnn8-base-ubuntu22.04", missing(Some("12.1.1-cudnn8-runtime-ubuntu22.04"))),
            ("12.5.1-cudnn-devel-ubuntu24.04", missing(Some("12.5.1-cudnn-devel-ubuntu22.04"))),
            ("12.4.1-devel-debian12", missing(Some("12.4.1-devel-ubuntu22.04"))),
            ("12.1.1-devel-ubuntu22.04-cudnn8", missing(Some("12.1.1-cudnn8-devel-ubuntu22.04"))),
            ("12.1.1-devel-cudnn8-ubuntu22.04", missing(Some("12.1.1-cudnn8-devel-ubuntu22.04"))),
            ("12.4.1-cudnn-devel-rockylinux9", None),
        ];
        for (tag, expected) in cases {
            let found = match judge(tag) {
                Verdict::Missing { instead, .. } => Some(instead),
                Verdict::Plausible | Verdict::Unknown => None,
            };
            assert_eq!(found, expected, "{tag}");
        }
    }

    #[test]
    fn what_is_suggested_is_not_missing() {
        for row in LAST_UPDATES {
            for system in SYSTEM_SPANS {
                let tag =
                    Tag::parse(&format!("{}-{}-devel-{}", row.version, row.cudnn, system.name)).unwrap();
                if let Some(text) = suggest(&tag) {
                    assert_eq!(judge(&text), Verdict::Plausible, "{text}");
                }
            }
        }
    }
}
