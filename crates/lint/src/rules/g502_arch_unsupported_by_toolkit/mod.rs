//! G502: code for a compute capability that the compiler of the image does not know.

use crate::commands::{base_name, conda, proper, system};
use crate::dockerfile::{Action, Build, Run, Stage};
use crate::facts::base::{CudaBase, cuda_base};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};
use knowledge::{Capability, cuda};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G502"),
    name: "arch-unsupported-by-toolkit",
    severity: Severity::Error,
    family: Family::Architecture,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let text = context.file.text.as_str();
    for stage in &build.stages {
        let Some(base) = cuda_base(build, stage).filter(CudaBase::has_compiler) else { continue };
        if brings_toolkit(build, stage) {
            continue;
        }
        for place in build.commands(stage) {
            for (span, list) in lists(build, place.stage, place.step, place.run) {
                judge(text, &base, span, &list, sink);
            }
        }
    }
}

/// Whether another toolkit than that of the base may be there.
fn brings_toolkit(build: &Build, stage: &Stage) -> bool {
    build.steps(stage).any(|(_, _, step)| match &step.action {
        Action::Run(runs) => runs.iter().any(|run| {
            let system = system::install(run).is_some_and(|install| {
                install.packages.iter().any(|package| {
                    package.name.starts_with("cuda")
                        || package.name.contains("nvcc")
                        || package.name.contains("nvidia-cuda")
                })
            });
            let names_cuda =
                run.args.iter().any(|arg| arg.known().contains("cuda_") && arg.known().contains(".run"));
            system
                || names_cuda
                || conda::install(run).is_some()
                || (proper(run).iter().any(|arg| arg.text.is_none()) && system::install(run).is_some())
        }),
        Action::Copy(copy) => {
            !matches!(copy.source, crate::dockerfile::Source::Context)
                && copy.target.as_ref().is_some_and(|arg| arg.known().contains("cuda"))
        }
        _ => false,
    })
}

/// The lists of capabilities for which a command makes code: in its words, or in
/// `TORCH_CUDA_ARCH_LIST` when it builds an extension.
fn lists(build: &Build, stage: &Stage, step: usize, run: &Run) -> Vec<(Span, String)> {
    let args = proper(run);
    let Some(first) = args.first() else { return Vec::new() };
    let mut out = Vec::new();
    match base_name(first) {
        "cmake" => out.extend(args.iter().filter_map(|arg| {
            let value = arg.known().strip_prefix("-DCMAKE_CUDA_ARCHITECTURES=")?;
            Some((arg.span, value.trim_matches(['"', '\'']).to_owned()))
        })),
        "nvcc" => out.extend(args.iter().filter_map(|arg| Some((arg.span, nvcc_target(arg.known())?)))),
        _ => {}
    }
    if builds_extension(run) {
        let given = run.assignments.iter().find(|(name, _)| name == "TORCH_CUDA_ARCH_LIST");
        match given {
            Some((_, Some(value))) => out.push((run.span, value.clone())),
            Some((_, None)) => {}
            None => out.extend(
                build
                    .variable(stage, step, "TORCH_CUDA_ARCH_LIST")
                    .and_then(|set| Some((set.value_span, set.value.text.clone()?))),
            ),
        }
    }
    out
}

/// `compute_120` of `arch=compute_120,code=sm_120`, or `sm_120` of `-arch=sm_120`.
fn nvcc_target(word: &str) -> Option<String> {
    let rest = word.split_once("arch=")?.1;
    let name = rest.split(',').next()?;
    (name.starts_with("compute_") || name.starts_with("sm_")).then(|| name.to_owned())
}

/// Commands that compile extensions of torch for certain: `setup.py`, and pip with a source.
fn builds_extension(run: &Run) -> bool {
    let args = proper(run);
    let setup = args.iter().any(|arg| arg.known().ends_with("setup.py"))
        && args.iter().any(|arg| matches!(arg.known(), "install" | "bdist_wheel" | "build_ext" | "develop"));
    let compiled = crate::commands::pip::install(run).is_some_and(|install| {
        install.requirements.iter().any(|requirement| {
            requirement.url.is_none()
                && matches!(requirement.name.as_str(), "mamba-ssm" | "causal-conv1d" | "gsplat")
        })
    });
    (setup || compiled) && !run.flow.conditional
}

fn judge(text: &str, base: &CudaBase<'_>, span: Span, list: &str, sink: &mut Sink) {
    for word in list.split([';', ' ', ',']).filter(|word| !word.is_empty()) {
        let name = word.split(['+', '-']).next().unwrap_or(word);
        let Some(capability) = Capability::parse(name) else { continue };
        if cuda::can_target(base.cuda, capability) != Some(false) {
            continue;
        }
        let place = span
            .of(text)
            .find(word)
            .map_or(span, |at| Span::new(span.start + at, span.start + at + word.len()));
        let finding = sink.report(
            place,
            format!("nvcc of CUDA {} makes no code for compute capability {capability}", base.cuda),
        );
        finding.also(base.image.span, format!("CUDA {} here", base.cuda));
        finding.note(format!(
            "the build will stop with `nvcc fatal : Unsupported gpu architecture 'compute_{}{}'`",
            capability.major, capability.minor
        ));
        finding.help(advice(base, capability));
    }
}

fn advice(base: &CudaBase<'_>, capability: Capability) -> String {
    let since =
        cuda::TARGETS.iter().find(|target| target.capability == capability).map(|target| target.since);
    match since {
        Some(since) if base.cuda < since => format!("take CUDA {since} or newer, or leave {capability} out"),
        _ => format!("leave {capability} out: CUDA {} begins with {}", base.cuda.major, oldest(base)),
    }
}

fn oldest(base: &CudaBase<'_>) -> String {
    cuda::family(base.cuda).map_or_else(String::new, |family| family.oldest.to_string())
}
