//! Wheels of JAX, ONNX Runtime and vLLM on PyPI: for which CUDA and cuDNN they are, whether they
//! bring those along, and on which GPUs they run.

use crate::{Capability, Cuda, Numbers, Row, Source};
use std::sync::OnceLock;

/// The wheels of some releases of a package, which agree in what is told here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wheel {
    /// The package with its extra: `jax[cuda12]`.
    pub package: &'static str,
    /// The first release, major and minor number.
    pub first: (u32, u32),
    /// The last release that was looked at.
    pub last: (u32, u32),
    /// The CUDA family: 12.
    pub family: u16,
    /// The CUDA release that it was built with; `None`: only the family is known.
    pub cuda: Option<Cuda>,
    /// The major number of the cuDNN that it loads; `None`: none, or not known.
    pub cudnn: Option<u32>,
    /// Whether the libraries of CUDA come with it as packages; otherwise the image must have them.
    pub brings_cuda: bool,
    /// The oldest GPU that it is for; `None`: not known.
    pub oldest: Option<Capability>,
    /// Where it was read.
    pub source: Source,
}

const ORT_TABLE: Source = Source::new(
    "ONNX Runtime documentation, CUDA Execution Provider, \"Requirements\" (the default on PyPI is CUDA 12 from 1.19 on)",
    "2026-11-21",
);
const ORT_METADATA: Source =
    Source::new("PyPI metadata of onnxruntime-gpu, extras `cuda` and `cudnn`", "2026-11-21");
const JAX_METADATA: Source =
    Source::new("PyPI metadata of jax-cuda12-plugin and jax-cuda13-plugin, extra `with-cuda`", "2026-11-21");

const fn ort(
    first: u32,
    last: u32,
    cuda: Option<Cuda>,
    (family, cudnn): (u16, u32),
    source: Source,
) -> Wheel {
    Wheel {
        package: "onnxruntime-gpu",
        first: (1, first),
        last: (1, last),
        family,
        cuda,
        cudnn: Some(cudnn),
        brings_cuda: false,
        oldest: None,
        source,
    }
}

const fn jax(package: &'static str, first: (u32, u32), last: (u32, u32), family: u16) -> Wheel {
    Wheel {
        package,
        first,
        last,
        family,
        cuda: None,
        cudnn: Some(9),
        brings_cuda: true,
        oldest: None,
        source: JAX_METADATA,
    }
}

const TORCH_2_11: &str = "PyPI metadata of vllm: torch==2.11.0, whose wheel is for CUDA 13.0";

/// vLLM comes through torch with CUDA and cuDNN; its pages name the CUDA and the oldest GPU. Where the
/// torch that it pins is for a newer CUDA than its own code, that of torch decides over the driver.
const fn vllm(first: u32, last: u32, cuda: Cuda, oldest: Option<Capability>, page: &'static str) -> Wheel {
    Wheel {
        package: "vllm",
        first: (0, first),
        last: (0, last),
        family: cuda.major,
        cuda: Some(cuda),
        cudnn: None,
        brings_cuda: true,
        oldest,
        source: Source::new(page, "2026-11-21"),
    }
}

const V70: Capability = Capability::new(7, 0);
const V75: Capability = Capability::new(7, 5);

/// The wheels, those of a package together and oldest first.
pub const WHEELS: &[Wheel] = &[
    jax("jax[cuda12]", (0, 4), (0, 10), 12),
    jax("jax[cuda13]", (0, 7), (0, 10), 13),
    ort(7, 8, Some(Cuda::new(11, 0)), (11, 8), ORT_TABLE),
    ort(9, 12, Some(Cuda::new(11, 4)), (11, 8), ORT_TABLE),
    ort(13, 14, Some(Cuda::new(11, 6)), (11, 8), ORT_TABLE),
    ort(15, 18, Some(Cuda::new(11, 8)), (11, 8), ORT_TABLE),
    ort(19, 20, None, (12, 9), ORT_TABLE),
    ort(21, 26, None, (12, 9), ORT_METADATA),
    ort(27, 31, None, (13, 9), ORT_METADATA),
    vllm(3, 3, Cuda::new(12, 1), Some(V70), "vLLM documentation, v0.3.3, Installation"),
    vllm(4, 4, Cuda::new(12, 1), Some(V70), "vLLM documentation, v0.4.0.post1, Installation"),
    vllm(5, 5, Cuda::new(12, 1), Some(V70), "vLLM documentation, v0.5.0, Installation"),
    vllm(6, 6, Cuda::new(12, 1), Some(V70), "vLLM documentation, v0.6.1.post2 to v0.6.6.post1, Installation"),
    vllm(7, 7, Cuda::new(12, 1), Some(V70), "vLLM documentation, v0.7.2, GPU"),
    vllm(9, 9, Cuda::new(12, 8), Some(V70), "vLLM documentation, v0.9.0, GPU"),
    vllm(11, 11, Cuda::new(12, 8), Some(V70), "vLLM documentation, v0.11.0, GPU"),
    vllm(14, 14, Cuda::new(12, 8), Some(V70), "vLLM documentation, v0.14.0, GPU"),
    vllm(
        17,
        19,
        Cuda::new(12, 8),
        None,
        "PyPI metadata of vllm: torch==2.10.0, whose wheel is for CUDA 12.8",
    ),
    vllm(20, 20, Cuda::new(13, 0), None, TORCH_2_11),
    vllm(
        21,
        21,
        Cuda::new(13, 0),
        Some(V75),
        "vLLM documentation, v0.21.0, GPU; PyPI metadata of vllm: torch==2.11.0",
    ),
    vllm(22, 26, Cuda::new(13, 0), None, TORCH_2_11),
];

static WITH_DATA: OnceLock<Vec<Wheel>> = OnceLock::new();

/// The wheels with those of a data file.
#[must_use]
pub fn wheels() -> &'static [Wheel] {
    WITH_DATA.get().map_or(WHEELS, Vec::as_slice)
}

/// Lays rows over the table: a new row goes before an old one of the same release.
pub(crate) fn lay_over(mut rows: Vec<Wheel>) {
    rows.extend(WHEELS);
    let _ = WITH_DATA.set(rows);
}

/// The names of the packages, each once.
#[must_use]
pub fn packages() -> Vec<&'static str> {
    let mut names: Vec<&str> = wheels().iter().map(|wheel| wheel.package).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The wheel of a release (`0.9.1`) of a package; of the newest one without a version.
#[must_use]
pub fn of(package: &str, version: Option<&str>) -> Option<&'static Wheel> {
    let mut own = wheels().iter().filter(|wheel| wheel.package == package);
    let Some(version) = version else { return own.max_by_key(|wheel| wheel.last) };
    match Numbers::parse(version)?.0.as_slice() {
        [major, minor, ..] => {
            own.find(|wheel| wheel.first <= (*major, *minor) && (*major, *minor) <= wheel.last)
        }
        _ => None,
    }
}

impl Wheel {
    /// The CUDA in words: `12.8`, or `12.x`.
    #[must_use]
    pub fn cuda_words(&self) -> String {
        self.cuda.map_or_else(|| format!("{}.x", self.family), |cuda| cuda.to_string())
    }
}

impl Row for Wheel {
    fn subject(&self) -> String {
        format!("{} {}.{}", self.package, self.first.0, self.first.1)
    }

    fn source(&self) -> Source {
        self.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_have_their_wheels() {
        let cases = [
            ("onnxruntime-gpu", Some("1.18.1"), Some((11, Some(8)))),
            ("onnxruntime-gpu", Some("1.19"), Some((12, Some(9)))),
            ("onnxruntime-gpu", Some("1.31.1"), Some((13, Some(9)))),
            ("onnxruntime-gpu", None, Some((13, Some(9)))),
            ("onnxruntime-gpu", Some("1.6"), None),
            ("onnxruntime", Some("1.19"), None),
            ("vllm", Some("0.9.2"), Some((12, None))),
            ("vllm", Some("0"), None),
            ("jax[cuda12]", Some("0.5.0"), Some((12, Some(9)))),
            ("jax[cuda13]", Some("0.5.0"), None),
        ];
        for (package, version, expected) in cases {
            let found = of(package, version).map(|wheel| (wheel.family, wheel.cudnn));
            assert_eq!(found, expected, "{package} {version:?}");
        }
    }
}
