//! G227: PyTorch of conda-forge that a build takes without CUDA.

use crate::commands::conda;
use crate::dockerfile::{Build, Stage};
use crate::facts::base::cuda_base;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G227"),
    name: "conda-forge-cpu-build",
    severity: Severity::Warning,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    if context.file.text.contains("CONDA_OVERRIDE_CUDA") {
        return;
    }
    for stage in build.stages.iter().filter(|stage| build.is_ancestor_of_target(stage)) {
        let Some(image) = cuda_image(build, stage) else { continue };
        for place in build.commands(stage) {
            let Some(install) = conda::install(place.run).filter(|_| !place.run.flow.conditional) else {
                continue;
            };
            let only_forge = !install.channels.is_empty()
                && install.channels.iter().all(|channel| channel.known() == "conda-forge");
            let chosen = install.packages.iter().any(|package| package.name.contains("cuda"));
            if !only_forge || chosen || install.has_unknown {
                continue;
            }
            let Some(package) = install.packages.iter().find(|package| is_open(package)) else { continue };
            let finding =
                sink.report(package.arg.span, "a build without a GPU takes this PyTorch without CUDA");
            finding.also(image, "this image is for CUDA");
            finding.note("its builds for CUDA ask for the driver (`__cuda`), which no build has; then `torch.cuda.is_available()` is false, and `.cuda()` ends with `Torch not compiled with CUDA enabled`");
            finding.help("set `CONDA_OVERRIDE_CUDA=12.4` for the command (the CUDA of the image), or ask for `pytorch=*=*cuda*` with it");
        }
    }
}

/// `nvidia/cuda`, and images of micromamba on top of it.
fn cuda_image(build: &Build, stage: &Stage) -> Option<Span> {
    if let Some(base) = cuda_base(build, stage) {
        return Some(base.image.span);
    }
    let image = build.root_image(stage)?;
    let is_one = image.name.hub() == Some("mambaorg/micromamba")
        && image.name.tag.as_deref().is_some_and(|tag| tag.contains("cuda"));
    is_one.then_some(image.span)
}

/// PyTorch without a word on which build.
fn is_open(package: &conda::Package<'_>) -> bool {
    let builds = package.specifier.matches('=').count() > 1 && !package.specifier.starts_with("==");
    package.name == "pytorch" && !builds && !package.specifier.contains('[')
}
