//! What is known of the image at the bottom of a stage.

use crate::dockerfile::{BaseImage, Build, Flag, ImageName, Stage};
use crate::text::Span;
use knowledge::Cuda;
use knowledge::image::{Flavour, Tag};

/// An image of the `nvidia/cuda` repository.
#[derive(Clone, Debug)]
pub(crate) struct CudaBase<'a> {
    /// The image.
    pub(crate) image: &'a BaseImage,
    /// Its tag, taken apart.
    pub(crate) tag: Tag,
    /// The CUDA release.
    pub(crate) cuda: Cuda,
}

/// Whether an image is of `nvidia/cuda`, on the Hub or in NVIDIA's own registry.
pub(crate) fn is_cuda_repository(image: &BaseImage) -> bool {
    let name = &image.name;
    name.repository == "nvidia/cuda"
        && (name.registry.is_none() || name.registry.as_deref() == Some("nvcr.io"))
}

/// The `nvidia/cuda` image at the bottom of a stage, when its tag says which CUDA it holds.
pub(crate) fn cuda_base<'a>(build: &'a Build, stage: &'a Stage) -> Option<CudaBase<'a>> {
    let image = build.root_image(stage).filter(|image| is_cuda_repository(image))?;
    let tag = Tag::parse(image.name.tag.as_deref()?)?;
    let cuda = tag.cuda()?;
    Some(CudaBase { image, tag, cuda })
}

impl CudaBase<'_> {
    /// Whether the image holds `nvcc`.
    pub(crate) fn has_compiler(&self) -> bool {
        self.tag.flavour == Some(Flavour::Devel)
    }
}

/// The place of the tag in a `FROM` line when it is written there in full, else that of the whole
/// reference.
pub(crate) fn tag_span(image: &BaseImage) -> Span {
    let name_start = image.written.rfind('/').map_or(0, |slash| slash + 1);
    let colon = image.written[name_start..].find(':').map(|at| name_start + at + 1);
    match colon {
        Some(start)
            if image.origins.is_empty()
                && image.name.digest.is_none()
                && !image.written.contains(['"', '\'']) =>
        {
            Span::new(image.span.start + start, image.span.end)
        }
        _ => image.span,
    }
}

/// Whether the tag stands in the `FROM` line in full and may be edited there.
pub(crate) fn tag_is_literal(image: &BaseImage) -> bool {
    tag_span(image) != image.span
}

/// The images from which the steps of a stage take files, as far as they are written out:
/// `COPY --from=`, `RUN --mount=from=`.
pub(crate) fn taken_from(build: &Build, stage: &Stage) -> Vec<BaseImage> {
    let instructions = stage.steps.iter().filter_map(|step| build.instruction(step));
    let flags = instructions.flat_map(|instruction| instruction.flags.iter());
    flags.filter_map(|flag| image_of(flag, build)).collect()
}

fn image_of(flag: &Flag, build: &Build) -> Option<BaseImage> {
    let (written, span) = match flag.name.as_str() {
        "from" => (flag.value.as_str(), flag.value_span),
        "mount" => {
            let field = flag.value.split(',').find_map(|field| field.strip_prefix("from="))?;
            let at = flag.value_span.start + flag.value.find(field)?;
            (field, Span::new(at, at + field.len()))
        }
        _ => return None,
    };
    let is_stage = build.stages.iter().any(|stage| stage.name.as_deref() == Some(&written.to_lowercase()));
    let name = ImageName::parse(written).filter(|_| !is_stage && !written.contains(['$', '"', '\'']))?;
    Some(BaseImage { name, span, written: written.to_owned(), origins: Vec::new() })
}

/// The system under a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    /// Ubuntu with its release: (24, 4).
    Ubuntu(u32, u32),
    /// Debian with its release.
    Debian(u32),
}

/// The system of an image whose own Python is that of the system: `ubuntu`, `debian` and
/// `nvidia/cuda` images.
pub(crate) fn plain_system(image: &BaseImage) -> Option<System> {
    let tag = image.name.tag.as_deref().unwrap_or("latest");
    if is_cuda_repository(image) {
        let system = Tag::parse(tag)?.system?;
        return ubuntu(system.strip_prefix("ubuntu")?);
    }
    match image.name.hub()? {
        "ubuntu" => ubuntu(tag.split('-').next().unwrap_or(tag)),
        "debian" => debian(tag),
        _ => None,
    }
}

fn ubuntu(version: &str) -> Option<System> {
    let numbered = match version {
        "focal" => "20.04",
        "jammy" => "22.04",
        "noble" => "24.04",
        other => other,
    };
    let (year, month) = numbered.split_once('.')?;
    Some(System::Ubuntu(year.parse().ok()?, month.parse().ok()?))
}

fn debian(tag: &str) -> Option<System> {
    let word = tag.split(['-', '.']).next()?;
    let number = match word {
        "buster" => 10,
        "bullseye" => 11,
        "bookworm" => 12,
        "trixie" => 13,
        other => other.parse().ok()?,
    };
    Some(System::Debian(number))
}

impl System {
    /// The minor version of its `python3`.
    pub(crate) fn python(self) -> Option<u32> {
        match self {
            Self::Ubuntu(20, 4) => Some(8),
            Self::Ubuntu(22, 4) => Some(10),
            Self::Ubuntu(24, 4) => Some(12),
            Self::Debian(10) => Some(7),
            Self::Debian(11) => Some(9),
            Self::Debian(12) => Some(11),
            Self::Debian(13) => Some(13),
            _ => None,
        }
    }

    /// Whether pip refuses to install into the system's Python (PEP 668; Debian 12, Ubuntu 23.04).
    pub(crate) fn refuses_pip(self) -> bool {
        match self {
            Self::Ubuntu(year, month) => (year, month) >= (23, 4),
            Self::Debian(number) => number >= 12,
        }
    }
}

/// The minor version of Python 3 that `pip` or `python3` means on an image, when it says so:
/// `python:3.11-slim`, or the system's own.
pub(crate) fn python_minor(image: &BaseImage) -> Option<u32> {
    if image.name.hub() == Some("python") {
        let tag = image.name.tag.as_deref()?;
        let rest = tag.strip_prefix("3.")?;
        let digits = rest.split(['.', '-']).next()?;
        return digits.parse().ok();
    }
    plain_system(image)?.python()
}
