//! The wheel indexes of PyTorch, and which release an install brings.

use super::base::python_minor;
use super::channels::{Channel, Channels};
use crate::commands::pip::Install;
use crate::commands::{base_name, pip};
use crate::dockerfile::{Build, Place, Stage};
use knowledge::{Cuda, torch};

/// Packages that are on PyTorch's own indexes beside torch, and released with it.
pub(crate) const FAMILY: &[&str] = &["torch", "torchvision", "torchaudio"];

/// What a channel of PyTorch's own host offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Releases for one CUDA: `cu124`.
    Cuda(String),
    /// Releases without CUDA.
    Cpu,
    /// Anything else on that host: nightly builds, ROCm, the old page with all builds.
    Other,
}

/// What a channel offers; `None`: it is not on PyTorch's own host.
pub(crate) fn offer(channel: &Channel) -> Option<Offer> {
    let rest = channel.url.split("://").nth(1)?;
    let (host, path) = rest.split_once('/')?;
    if host != "download.pytorch.org" {
        return None;
    }
    let words: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    Some(match words.as_slice() {
        ["whl", "cpu"] => Offer::Cpu,
        ["whl", suffix] if is_suffix(suffix) => Offer::Cuda((*suffix).to_owned()),
        _ => Offer::Other,
    })
}

/// `cu` and digits.
pub(crate) fn is_suffix(text: &str) -> bool {
    text.strip_prefix("cu")
        .is_some_and(|digits| digits.len() >= 2 && digits.chars().all(|c| c.is_ascii_digit()))
}

/// The suffix when exactly one channel counts and it is an index of PyTorch for one CUDA.
pub(crate) fn only_suffix(channels: &Channels) -> Option<(String, &Channel)> {
    if channels.has_unknown || !channels.extra.is_empty() || !channels.find_links.is_empty() {
        return None;
    }
    let channel = channels.index.as_ref()?;
    match offer(channel)? {
        Offer::Cuda(suffix) => Some((suffix, channel)),
        _ => None,
    }
}

/// The minor version of the Python for which an install is, when it can be told.
pub(crate) fn python_of(build: &Build, stage: &Stage, install: &Install<'_>) -> Option<u32> {
    let program = base_name(install.program);
    for prefix in ["python3.", "pip3."] {
        if let Some(minor) = program.strip_prefix(prefix) {
            return minor.parse().ok();
        }
    }
    let plain = install.program.known() == program;
    let image = build.root_image(stage)?;
    let own = python_minor(image)?;
    let other = build.steps(stage).any(|(_, _, step)| brings_python(build, step, own));
    (plain && !other).then_some(own)
}

/// Whether a step may make another Python the one that `python3` means than the image's own.
fn brings_python(build: &Build, step: &crate::dockerfile::Step, own: u32) -> bool {
    use crate::dockerfile::Action;
    match &step.action {
        Action::Run(runs) => runs.iter().any(|run| {
            let names_python = run.args.iter().any(|arg| {
                let text = arg.known();
                names_other_python(text, own)
                    || text.contains("deadsnakes")
                    || text.contains("conda")
                    || text.contains("pyenv")
            });
            names_python || matches!(run.name(), "conda" | "mamba" | "micromamba" | "pyenv" | "uv")
        }),
        Action::Env(sets) => sets.iter().any(|set| set.name == "PATH" && set.raw.contains("conda")),
        Action::Copy(copy) => {
            !matches!(copy.source, crate::dockerfile::Source::Context) && build.instruction(step).is_some()
        }
        Action::Opaque => true,
        _ => false,
    }
}

/// Whether a word names `python3.N` with another number than the image's own.
fn names_other_python(text: &str, own: u32) -> bool {
    text.match_indices("python3.").any(|(at, name)| {
        let digits = &text[at + name.len()..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse() != Ok(own)
    })
}

/// The newest release with wheels for a Python on the default index: its CUDA.
pub(crate) fn newest_default(python: Option<u32>) -> Option<Cuda> {
    let (_, current) = torch::CURRENT;
    let python = python?;
    // The newest release asks for Python 3.11; 3.10 still has releases of the same CUDA family.
    if python >= 10 {
        return Some(current);
    }
    newest_for(python).and_then(|release| release.default)
}

/// The newest release of the tables with wheels for a Python.
pub(crate) fn newest_for(python: u32) -> Option<&'static torch::Release> {
    torch::RELEASES
        .iter()
        .rev()
        .find(|release| release.pythons.is_some_and(|(first, last)| first <= python && python <= last))
}

/// Whether an install asks for torch in a way that leaves the newest version open: no version, or
/// only a lowest one.
pub(crate) fn is_open(specifier: &str) -> bool {
    specifier.is_empty() || (specifier.starts_with(">=") && !specifier.contains(','))
}

/// Whether anything beside torch in an install may bind torch's version.
pub(crate) fn is_bound(install: &Install<'_>) -> bool {
    !install.files.is_empty()
        || !install.constraints.is_empty()
        || install
            .requirements
            .iter()
            .any(|requirement| requirement.name != "torch" && !is_open(&requirement.specifier))
        || install.requirements.iter().any(|requirement| {
            requirement.name != "torch"
                && !FAMILY.contains(&requirement.name.as_str())
                && BINDING.contains(&requirement.name.as_str())
        })
}

/// Packages that ask for one version of torch.
pub(crate) const BINDING: &[&str] = &["vllm", "sglang", "xformers", "torchvision", "torchaudio"];

/// The installs of a stage with their places.
pub(crate) fn installs<'a>(build: &'a Build, stage: &'a Stage) -> Vec<(Place<'a>, Install<'a>)> {
    build.commands(stage).filter_map(|place| Some((place, pip::install(place.run)?))).collect()
}

/// Images that ship torch.
pub(crate) fn ships_torch(build: &Build, stage: &Stage) -> bool {
    build.root_image(stage).is_some_and(|image| {
        let name = image.name.repository.as_str();
        ["pytorch", "torch", "vllm", "sglang", "deepspeed", "text-generation", "axolotl"]
            .iter()
            .any(|word| name.contains(word))
    })
}

/// Whether a build is for another processor than x86-64, as far as the file says.
pub(crate) fn is_foreign_platform(stage: &Stage) -> bool {
    stage
        .platform
        .as_ref()
        .is_some_and(|platform| !platform.as_deref().is_some_and(|text| text.contains("amd64")))
}
