//! G401: an image for CUDA that asks for the driver without its compute part.

use crate::dockerfile::{Action, Build, Set, Stage};
use crate::facts::base::{CudaBase, cuda_base};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::rules::driver_capabilities::{NAME, WORDS};
use crate::sink::Sink;
use diag::{Code, Severity};
use knowledge::image::Flavour;

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G401"),
    name: "caps-missing-compute",
    severity: Severity::Error,
    family: Family::Environment,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let Some(stage) = build.target.and_then(|target| build.stages.get(target)) else { return };
    let Some(set) = build.env(stage, usize::MAX, NAME) else { return };
    let Some(value) = set.value.as_deref() else { return };
    let words: Vec<&str> = value.split(',').collect();
    let understood = !value.is_empty() && words.iter().all(|word| WORDS.contains(word));
    if understood && !words.contains(&"compute") && !words.contains(&"all") {
        report(build, stage, set, value, sink);
    }
}

fn report(build: &Build, stage: &Stage, set: &Set, value: &str, sink: &mut Sink) {
    let Some(evidence) = evidence(build, stage) else { return };
    let finding = sink.report(set.value_span, format!("`{NAME}={value}` leaves out `compute`"));
    finding.label("without `compute` the container gets no libcuda.so.1");
    finding.also(evidence, "this image is for CUDA");
    finding.note("programs will stop with `libcuda.so.1: cannot open shared object file` or `CUDA_ERROR_NO_DEVICE` (no CUDA-capable device is detected), while nvidia-smi may work");
    finding.help("add `compute`");
    let raw = set.raw.trim_matches('"');
    if raw == value {
        let start = set.value_span.start + usize::from(set.raw.starts_with('"'));
        let edit = Edit::new(crate::text::Span::new(start, start), "compute,");
        finding.fix(Fix::safe("add `compute`", edit));
    }
}

/// The place that shows that the image is for CUDA: its base, or a package.
fn evidence(build: &Build, stage: &Stage) -> Option<crate::text::Span> {
    // Monitors and renderers are built on the smallest flavour, and need no `compute`.
    let math = |base: &CudaBase<'_>| matches!(base.tag.flavour, Some(Flavour::Runtime | Flavour::Devel));
    if let Some(base) = cuda_base(build, stage).filter(math) {
        return Some(base.image.span);
    }
    build.steps(stage).find_map(|(_, _, step)| {
        let Action::Run(runs) = &step.action else { return None };
        runs.iter().find_map(|run| {
            let install = crate::commands::pip::install(run)?;
            let named = install.requirements.iter().find(|requirement| {
                matches!(requirement.name.as_str(), "vllm" | "onnxruntime-gpu" | "flash-attn" | "tensorrt")
                    || requirement.name.starts_with("cupy-cuda")
            })?;
            Some(named.span)
        })
    })
}
