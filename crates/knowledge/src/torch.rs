//! PyTorch: which wheels exist for which CUDA, and what a bare `pip install torch` brings.

use crate::{Capability, Cuda, Numbers, Row, Source};
use std::sync::OnceLock;

/// A minor release of PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    /// Major and minor number: (2, 8).
    pub version: (u32, u32),
    /// The CUDA builds on the project's own indexes, by suffix.
    pub builds: &'static [&'static str],
    /// The CUDA of the Linux x86-64 wheel on PyPI; `None`: not in the tables.
    pub default: Option<Cuda>,
    /// Python minor versions (of 3) with wheels, first and last; `None`: not in the tables.
    pub pythons: Option<(u32, u32)>,
    /// Where it was read.
    pub source: Source,
}

const MATRIX: Source = Source::new(
    "replicate/cog, pkg/config/torch_compatibility.json (generated from the wheel indexes); PyPI metadata of torch",
    "2026-06-18",
);
const RECENT: Source =
    Source::new("PyPI metadata of torch; listing of the project's wheel indexes", "2026-11-20");

const fn release(
    version: (u32, u32),
    builds: &'static [&'static str],
    default: Option<Cuda>,
    pythons: (u32, u32),
) -> Release {
    Release { version, builds, default, pythons: Some(pythons), source: MATRIX }
}

const C117: Option<Cuda> = Some(Cuda::new(11, 7));
const C121: Option<Cuda> = Some(Cuda::new(12, 1));
const C124: Option<Cuda> = Some(Cuda::new(12, 4));
const C126: Option<Cuda> = Some(Cuda::new(12, 6));
const C128: Option<Cuda> = Some(Cuda::new(12, 8));
const C130: Option<Cuda> = Some(Cuda::new(13, 0));

/// Releases, oldest first.
pub const RELEASES: &[Release] = &[
    release((1, 11), &["cu102", "cu113", "cu115"], Some(Cuda::new(10, 2)), (7, 10)),
    release((1, 12), &["cu102", "cu113", "cu116"], Some(Cuda::new(10, 2)), (7, 10)),
    release((1, 13), &["cu116", "cu117"], C117, (7, 11)),
    release((2, 0), &["cu117", "cu118"], C117, (8, 11)),
    release((2, 1), &["cu118", "cu121"], C121, (8, 11)),
    release((2, 2), &["cu118", "cu121"], C121, (8, 12)),
    release((2, 3), &["cu118", "cu121"], C121, (8, 12)),
    release((2, 4), &["cu118", "cu121", "cu124"], C121, (8, 12)),
    release((2, 5), &["cu118", "cu121", "cu124"], C124, (9, 13)),
    release((2, 6), &["cu118", "cu124", "cu126"], C124, (9, 13)),
    release((2, 7), &["cu118", "cu126", "cu128"], C126, (9, 13)),
    release((2, 8), &["cu126", "cu128", "cu129"], C128, (9, 13)),
    release((2, 9), &["cu126", "cu128", "cu130"], C128, (10, 14)),
    release((2, 10), &["cu126", "cu128", "cu130"], C128, (10, 14)),
    release((2, 11), &["cu126", "cu128", "cu129", "cu130"], C130, (10, 14)),
    Release {
        version: (2, 12),
        builds: &["cu126", "cu130", "cu132"],
        default: None,
        pythons: None,
        source: RECENT,
    },
    Release {
        version: (2, 13),
        builds: &["cu126", "cu130", "cu132"],
        default: None,
        pythons: None,
        source: RECENT,
    },
];

/// The release that a bare `pip install torch` brings, with its CUDA.
pub const CURRENT: ((u32, u32), Cuda) = ((2, 15), Cuda::new(13, 2));

/// What the newest release of a package asks of torch.
#[derive(Clone, Copy, Debug)]
pub struct Asking {
    /// Its name on PyPI.
    pub package: &'static str,
    /// The release of torch.
    pub release: (u32, u32),
    /// Whether it takes no later one.
    pub exactly: bool,
    /// Where it was read.
    pub source: Source,
}

const fn asking(package: &'static str, release: (u32, u32), exactly: bool) -> Asking {
    let source =
        Source::new("PyPI metadata (Requires-Dist) of the newest releases of the packages", "2026-11-21");
    Asking { package, release, exactly, source }
}

/// Packages whose newest release may not take the torch that is there. torchaudio is none of them:
/// since 2.11 it asks for no torch at all.
pub const ASKING: &[Asking] = &[
    asking("sglang", (2, 14), true),
    asking("torchvision", (2, 14), false),
    asking("vllm", (2, 14), true),
    asking("xformers", (2, 10), false),
];

impl Asking {
    /// Whether it leaves torch of that release as it is.
    #[must_use]
    pub fn takes(&self, release: (u32, u32)) -> bool {
        if self.exactly { release == self.release } else { release >= self.release }
    }
}

impl Row for Asking {
    fn subject(&self) -> String {
        format!("torch for {}", self.package)
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
    let is_new = |row: &&Release| !all.iter().any(|new| new.version == row.version);
    let kept: Vec<Release> = RELEASES.iter().filter(is_new).copied().collect();
    all.extend(kept);
    all.sort_by_key(|row| row.version);
    let _ = WITH_DATA.set(all);
}

impl Row for Release {
    fn subject(&self) -> String {
        format!("torch {}.{}", self.version.0, self.version.1)
    }

    fn source(&self) -> Source {
        self.source
    }
}

/// Suffixes that people write and that never existed on the project's indexes, with where that was
/// read. Other projects (llama-cpp-python) have indexes of some of these names.
pub const NEVER: &[(&str, Source)] = &[
    ("cu114", MATRIX),
    ("cu120", MATRIX),
    ("cu122", MATRIX),
    ("cu123", MATRIX),
    ("cu125", MATRIX),
    ("cu127", MATRIX),
];

/// The release that `2.8.0` or `2.8.0+cu128` is of; a local part is left out.
#[must_use]
pub fn release_of(version: &str) -> Option<&'static Release> {
    let public = version.split('+').next().unwrap_or(version);
    let numbers = Numbers::parse(public)?;
    match numbers.0.as_slice() {
        [major, minor, ..] => releases().iter().find(|row| row.version == (*major, *minor)),
        _ => None,
    }
}

/// Whether the project's indexes have a build of `version` for `suffix` (`cu124`); `None`: the
/// release is not in the tables.
#[must_use]
pub fn has_build(version: &str, suffix: &str) -> Option<bool> {
    release_of(version).map(|release| release.builds.contains(&suffix))
}

/// Whether an index suffix never existed on the project's own host.
#[must_use]
pub fn never_existed(suffix: &str) -> bool {
    NEVER.iter().any(|(name, _)| *name == suffix)
}

/// Machine code in the wheels of a CUDA build from a release on.
#[derive(Clone, Copy, Debug)]
pub struct Architectures {
    /// The suffix of the build.
    pub build: &'static str,
    /// The first release with this list.
    pub since: (u32, u32),
    /// Capabilities with machine code.
    pub code: &'static [Capability],
    /// Where it was read.
    pub source: Source,
}

const LISTS: Source = Source::new(
    "pytorch/test-infra, tools/pkg-helpers/pytorch_pkg_helpers/cuda.py (pull request 7046); \
     pytorch/pytorch issue 157517",
    "2026-11-21",
);

const V50: Capability = Capability::new(5, 0);
const V60: Capability = Capability::new(6, 0);
const V70: Capability = Capability::new(7, 0);
const V75: Capability = Capability::new(7, 5);
const V80: Capability = Capability::new(8, 0);
const V86: Capability = Capability::new(8, 6);
const V90: Capability = Capability::new(9, 0);
const V100: Capability = Capability::new(10, 0);
const V120: Capability = Capability::new(12, 0);

/// The lists, by build; the last one whose `since` is not above the release counts.
pub const ARCHITECTURES: &[Architectures] = &[
    Architectures {
        build: "cu118",
        since: (2, 1),
        code: &[V50, V60, V70, V75, V80, V86, V90],
        source: LISTS,
    },
    Architectures {
        build: "cu121",
        since: (2, 1),
        code: &[V50, V60, V70, V75, V80, V86, V90],
        source: LISTS,
    },
    Architectures {
        build: "cu124",
        since: (2, 4),
        code: &[V50, V60, V70, V75, V80, V86, V90],
        source: LISTS,
    },
    Architectures {
        build: "cu126",
        since: (2, 6),
        code: &[V50, V60, V70, V75, V80, V86, V90],
        source: LISTS,
    },
    Architectures {
        build: "cu128",
        since: (2, 8),
        code: &[V70, V75, V80, V86, V90, V100, V120],
        source: LISTS,
    },
    Architectures {
        build: "cu129",
        since: (2, 8),
        code: &[V70, V75, V80, V86, V90, V100, V120],
        source: LISTS,
    },
    Architectures { build: "cu130", since: (2, 9), code: &[V75, V80, V86, V90, V100, V120], source: LISTS },
];

impl Row for Architectures {
    fn subject(&self) -> String {
        format!("machine code in torch {} wheels", self.build)
    }

    fn source(&self) -> Source {
        self.source
    }
}

/// Whether the wheel of `version` for `suffix` has machine code for a GPU; `None`: not known.
#[must_use]
pub fn runs_on(version: (u32, u32), suffix: &str, gpu: Capability) -> Option<bool> {
    let list = ARCHITECTURES.iter().rfind(|row| row.build == suffix && row.since <= version)?;
    Some(list.code.iter().any(|code| code.code_runs_on(gpu)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_exist_or_not() {
        let cases = [
            ("2.8.0", "cu128", Some(true)),
            ("2.8.0", "cu124", Some(false)),
            ("2.5.0", "cu117", Some(false)),
            ("2.6.0+cu124", "cu124", Some(true)),
            ("2.13.0", "cu128", Some(false)),
            ("9.9.0", "cu128", None),
            ("2", "cu128", None),
        ];
        for (version, suffix, expected) in cases {
            assert_eq!(has_build(version, suffix), expected, "{version} {suffix}");
        }
    }

    #[test]
    fn wheels_run_on_gpus() {
        let gpu = |text: &str| Capability::parse(text).unwrap();
        assert_eq!(runs_on((2, 6), "cu124", gpu("12.0")), Some(false));
        assert_eq!(runs_on((2, 8), "cu128", gpu("12.0")), Some(true));
        assert_eq!(runs_on((2, 8), "cu128", gpu("12.1")), Some(true));
        assert_eq!(runs_on((2, 6), "cu124", gpu("8.9")), Some(true));
        assert_eq!(runs_on((2, 9), "cu130", gpu("7.0")), Some(false));
        assert_eq!(runs_on((2, 7), "cu128", gpu("7.0")), None);
    }
}
