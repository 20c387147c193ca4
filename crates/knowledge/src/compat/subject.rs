//! The subjects of a question, read against the tables.

use super::Question;
use crate::gpu::Gpu;
use crate::image::{self, Tag, Verdict};
use crate::{Capability, Cuda, Numbers, gpu, tensorflow, torch, wheel};
use std::fmt;

/// The subjects of a question.
#[derive(Clone, Debug, Default)]
pub struct Subjects {
    /// The driver.
    pub driver: Option<Numbers>,
    /// The image.
    pub image: Option<Image>,
    /// The GPU: its name and capability.
    pub gpu: Option<(String, Capability)>,
    /// The package.
    pub package: Option<Package>,
}

/// An `nvidia/cuda` image.
#[derive(Clone, Debug)]
pub struct Image {
    /// As it was asked.
    pub reference: String,
    /// The parts of its tag.
    pub tag: Tag,
    /// Its CUDA release.
    pub cuda: Cuda,
    /// What is known about the tag.
    pub verdict: Verdict,
}

/// A package with its CUDA builds.
#[derive(Clone, Debug)]
pub struct Package {
    /// `torch 2.8`.
    pub name: String,
    /// Which library.
    pub library: Library,
    /// Major and minor number.
    pub version: (u32, u32),
    /// The build that is asked for or that a plain install brings.
    pub build: Build,
    /// All builds of the version, by suffix.
    pub others: &'static [&'static str],
    /// Whether CUDA's libraries come with it; otherwise they must be in the image.
    pub brings_cuda: bool,
    /// The major number of the cuDNN that it loads, as far as the tables say.
    pub cudnn: Option<u32>,
}

/// Libraries of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// PyTorch.
    Torch,
    /// TensorFlow.
    TensorFlow,
    /// One of the table of wheels.
    Other(&'static wheel::Wheel),
}

/// A build of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// For a CUDA release.
    For(Cuda),
    /// For any release of a CUDA family.
    Family(u16),
    /// Asked for, but never made.
    Absent(Cuda),
    /// What a plain install brings is not in the tables.
    Unknown,
}

/// A subject that the tables do not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotKnown {
    /// What was asked, with its kind: `GPU RTX 5071`.
    pub subject: String,
    /// What can be asked instead.
    pub hint: String,
}

impl fmt::Display for NotKnown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not in the tables", self.subject)
    }
}

impl std::error::Error for NotKnown {}

fn not_known(kind: &str, text: &str, hint: impl Into<String>) -> NotKnown {
    NotKnown { subject: format!("{kind} `{text}`"), hint: hint.into() }
}

impl Subjects {
    /// Reads a question.
    ///
    /// # Errors
    /// The first subject that the tables do not know.
    pub fn read(question: &Question) -> Result<Self, NotKnown> {
        Ok(Self {
            driver: question.driver.as_deref().map(driver).transpose()?,
            image: question.image.as_deref().map(image).transpose()?,
            gpu: question.gpu.as_deref().map(gpu_named).transpose()?,
            package: question.package.as_deref().map(package).transpose()?,
        })
    }
}

fn driver(text: &str) -> Result<Numbers, NotKnown> {
    Numbers::parse(text)
        .filter(|numbers| (300..2000).contains(&numbers.first()))
        .ok_or_else(|| not_known("driver", text, "give a branch (535) or a version (535.104.05)"))
}

fn image(text: &str) -> Result<Image, NotKnown> {
    let hint = "the tables hold `nvidia/cuda` images, such as nvidia/cuda:12.8.1-runtime-ubuntu22.04";
    let bare =
        ["docker.io/", "nvcr.io/"].iter().find_map(|registry| text.strip_prefix(registry)).unwrap_or(text);
    let rest = bare.strip_prefix("nvidia/cuda").ok_or_else(|| not_known("image", text, hint))?;
    let tag = rest.split('@').next().unwrap_or(rest).strip_prefix(':').unwrap_or(if rest.is_empty() {
        "latest"
    } else {
        rest
    });
    if let (None, Verdict::Missing { reason, .. }) = (Tag::parse(tag), image::judge(tag)) {
        return Err(not_known("image", text, format!("{reason}; {hint}")));
    }
    let parts = Tag::parse(tag).ok_or_else(|| not_known("image", text, hint))?;
    let cuda = parts.cuda().ok_or_else(|| not_known("image", text, hint))?;
    Ok(Image { reference: text.to_owned(), tag: parts, cuda, verdict: image::judge(tag) })
}

fn gpu_named(text: &str) -> Result<(String, Capability), NotKnown> {
    if let Some(Gpu { name, group }) = gpu::by_name(text) {
        return Ok((name.to_owned(), group.capability));
    }
    if let Some(capability) = Capability::parse(text).filter(|found| gpu::support(*found).is_some()) {
        return Ok((format!("capability {capability}"), capability));
    }
    let near = gpu::similar(text);
    let hint = if near.is_empty() {
        "give a name such as `RTX 5090` or a capability such as `sm_89`".to_owned()
    } else {
        format!("similar: {}", near.join(", "))
    };
    Err(not_known("GPU", text, hint))
}

fn package(text: &str) -> Result<Package, NotKnown> {
    let (name, version) = match text.split_once("==") {
        Some((name, version)) => (name.trim(), Some(version.trim())),
        None => (text.trim(), None),
    };
    let found = match (name, version) {
        ("torch" | "pytorch", None) => Some(current_torch()),
        ("torch" | "pytorch", Some(version)) => torch_package(version),
        ("tensorflow", Some(version)) => tensorflow_package(version, false),
        ("tensorflow[and-cuda]", Some(version)) => tensorflow_package(version, true),
        (name, version) => wheel_package(name, version),
    };
    found.ok_or_else(|| not_known("package", text, package_hint(name)))
}

fn package_hint(name: &str) -> String {
    if name == "jax" {
        return "jax alone runs on the CPU; its wheels for GPUs are jax[cuda12] and jax[cuda13]".to_owned();
    }
    let versions = |package: &str| {
        let own = wheel::wheels().iter().filter(|wheel| wheel.package == package);
        let spans = own.map(|wheel| match (wheel.first, wheel.last) {
            (first, last) if first == last => format!("{}.{}", first.0, first.1),
            (first, last) => format!("{}.{}-{}.{}", first.0, first.1, last.0, last.1),
        });
        spans.collect::<Vec<_>>().join(", ")
    };
    if wheel::packages().contains(&name) {
        return format!("the tables hold {name} {}", versions(name));
    }
    format!(
        "the tables hold torch (torch, torch==2.8, torch==2.8.0+cu126), tensorflow (tensorflow==2.18), {}",
        wheel::packages().join(", ")
    )
}

fn wheel_package(name: &str, version: Option<&str>) -> Option<Package> {
    let wheel = wheel::of(name, version)?;
    let numbers = version.and_then(Numbers::parse);
    let version = match numbers.as_ref().map(|numbers| numbers.0.as_slice()) {
        Some([major, minor, ..]) => (*major, *minor),
        _ => wheel.last,
    };
    Some(Package {
        name: format!("{name} {}.{}", version.0, version.1),
        library: Library::Other(wheel),
        version,
        build: wheel.cuda.map_or(Build::Family(wheel.family), Build::For),
        others: &[],
        brings_cuda: wheel.brings_cuda,
        cudnn: wheel.cudnn,
    })
}

fn current_torch() -> Package {
    let (version, cuda) = torch::CURRENT;
    let name = format!("torch {}.{}", version.0, version.1);
    let build = Build::For(cuda);
    Package { name, library: Library::Torch, version, build, others: &[], brings_cuda: true, cudnn: None }
}

fn torch_package(version: &str) -> Option<Package> {
    let release = torch::release_of(version)?;
    let build = match version.split_once('+') {
        None => release.default.map_or(Build::Unknown, Build::For),
        Some((_, suffix)) => {
            let cuda = Cuda::parse(suffix)?;
            if release.builds.contains(&suffix) { Build::For(cuda) } else { Build::Absent(cuda) }
        }
    };
    let name = format!("torch {}.{}", release.version.0, release.version.1);
    Some(Package {
        name,
        library: Library::Torch,
        version: release.version,
        build,
        others: release.builds,
        brings_cuda: true,
        cudnn: None,
    })
}

fn tensorflow_package(version: &str, brings_cuda: bool) -> Option<Package> {
    let release = tensorflow::release_of(version)?;
    let name = format!("tensorflow {}.{}", release.version.0, release.version.1);
    let build = Build::For(release.cuda);
    Some(Package {
        name,
        library: Library::TensorFlow,
        version: release.version,
        build,
        others: &[],
        brings_cuda,
        cudnn: Some(release.cudnn.0),
    })
}
