//! G213: a package for cuDNN 9 on an image with cuDNN 8.

use crate::commands::pip::Install;
use crate::commands::requirements::Requirement;
use crate::dockerfile::{Build, Stage};
use crate::facts::base::{CudaBase, cuda_base};
use crate::facts::{torch, unseen};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::in_view;
use diag::{Code, Severity};
use knowledge::Numbers;

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G213"),
    name: "cudnn-abi",
    severity: Severity::Error,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

/// Packages that load the system's cuDNN: name, first release for cuDNN 9, what they say without.
const PACKAGES: &[(&str, &[u32], &str)] = &[
    (
        "ctranslate2",
        &[4, 5],
        "`Unable to load any of {libcudnn_ops.so.9.1.0, libcudnn_ops.so.9.1, libcudnn_ops.so.9, libcudnn_ops.so}`",
    ),
    (
        "faster-whisper",
        &[],
        "`Unable to load any of {libcudnn_ops.so.9.1.0, libcudnn_ops.so.9.1, libcudnn_ops.so.9, libcudnn_ops.so}`",
    ),
    (
        "onnxruntime-gpu",
        &[1, 19],
        "`Failed to load library libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot open shared object file`, and run on the CPU",
    ),
];

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let Some(target) = build.target.and_then(|target| build.stages.get(target)) else { return };
    let with_eight =
        |base: &CudaBase<'_>| base.tag.cudnn.as_deref() == Some("cudnn8") && base.cuda.major == 12;
    let Some(base) = cuda_base(build, target).filter(with_eight) else { return };
    if names_cudnn(&context.file.text) || may_bring_cudnn(build, target) {
        return;
    }
    for stage in build.lineage(target) {
        for (_, install) in torch::installs(build, stage) {
            for requirement in &install.requirements {
                if let Some(symptom) = needs_nine(requirement) {
                    report(&base, requirement, symptom, sink);
                }
            }
        }
    }
}

/// Whether anything but a base image speaks of cuDNN.
fn names_cudnn(text: &str) -> bool {
    in_view(text).lines().any(|line| {
        let line = line.trim_start().to_ascii_lowercase();
        line.contains("cudnn")
            && !line.starts_with("from ")
            && !line.starts_with("arg ")
            && !line.starts_with('#')
    })
}

/// Whether something in the stage may install cuDNN 9 unseen: torch brings it along, and so may
/// whatever a file, a script or another image holds.
fn may_bring_cudnn(build: &Build, target: &Stage) -> bool {
    let by_pip = build.lineage(target).into_iter().any(|stage| {
        torch::installs(build, stage).iter().any(|(place, install)| {
            let local =
                place.run.args.iter().any(|arg| arg.known().starts_with('.') || arg.known().starts_with('/'));
            local || is_opaque(install)
        })
    });
    by_pip || build.steps(target).any(|(_, _, step)| unseen::may_bring_programs(build, step))
}

fn is_opaque(install: &Install<'_>) -> bool {
    install.has_unknown
        || !install.files.is_empty()
        || install.has(&["-e", "--editable"])
        || install.requirements.iter().any(brings_nine)
}

fn brings_nine(requirement: &Requirement) -> bool {
    let name = requirement.name.as_str();
    let words = [
        "torch",
        "tensorflow",
        "nvidia",
        "jax",
        "vllm",
        "whisperx",
        "xformers",
        "sglang",
        "cupy",
        "accelerate",
    ];
    requirement.url.is_some()
        || !requirement.extras.is_empty()
        || words.iter().any(|word| name.contains(word))
}

/// What a requirement's programs say under cuDNN 8, when it is of a release for cuDNN 9.
fn needs_nine(requirement: &Requirement) -> Option<&'static str> {
    let (_, first, symptom) = PACKAGES.iter().find(|(name, ..)| *name == requirement.name)?;
    if requirement.is_free() {
        return Some(symptom);
    }
    let version = Numbers::parse(requirement.pinned()?)?;
    (!first.is_empty() && version.0.as_slice() >= *first).then_some(symptom)
}

fn report(base: &CudaBase<'_>, requirement: &Requirement, symptom: &str, sink: &mut Sink) {
    let name = &requirement.name;
    let finding =
        sink.report(requirement.span, format!("this `{name}` needs cuDNN 9, the image has cuDNN 8"));
    finding.label("looks for libcudnn*.so.9");
    finding.also(base.image.span, "`cudnn8` here");
    finding.note(format!("programs will stop with {symptom}"));
    finding.help("take a base image with cuDNN 9 (tags with `cudnn`, from CUDA 12.4.1 on), or pin a release for cuDNN 8 (ctranslate2 4.4.0, onnxruntime-gpu 1.18.0)");
}
