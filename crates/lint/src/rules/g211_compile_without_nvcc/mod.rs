//! G211: a package that is compiled with nvcc, where there is none.

use crate::commands::pip::{Install, Tool};
use crate::commands::requirements::Requirement;
use crate::commands::{conda, system};
use crate::dockerfile::{Action, BaseImage, Build, Run, Stage, Step};
use crate::facts::base::{is_cuda_repository, plain_system};
use crate::facts::{channels, unseen};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};
use knowledge::image::{Flavour, Tag};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G211"),
    name: "compile-without-nvcc",
    severity: Severity::Error,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

/// Packages without wheels on the default index whose set-up asks for nvcc before anything else.
const COMPILED: &[&str] = &["flash-attn", "mamba-ssm", "causal-conv1d"];

/// Variables with which these set-ups leave the compiler alone.
const SKIPS: &[&str] =
    &["FLASH_ATTENTION_SKIP_CUDA_BUILD", "MAMBA_SKIP_CUDA_BUILD", "CAUSAL_CONV1D_SKIP_CUDA_BUILD"];

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    if SKIPS.iter().any(|name| context.file.text.contains(name)) {
        return;
    }
    for stage in &build.stages {
        let Some(image) = build.root_image(stage) else { continue };
        let Some(lacks) = lacks_compiler(image) else { continue };
        check_stage(build, stage, image, lacks, sink);
    }
}

/// Why there is no nvcc in an image, as far as that is certain.
fn lacks_compiler(image: &BaseImage) -> Option<&'static str> {
    let tag = image.name.tag.as_deref().unwrap_or("latest");
    if is_cuda_repository(image) {
        return match Tag::parse(tag)?.flavour? {
            Flavour::Base | Flavour::Runtime => Some("this flavour holds no compiler; `-devel` does"),
            Flavour::Devel => None,
        };
    }
    match image.name.hub()? {
        "python" => Some("holds no CUDA"),
        "ubuntu" | "debian" if plain_system(image).is_some() => Some("holds no CUDA"),
        "pytorch/pytorch" if tag.ends_with("-runtime") => {
            Some("this flavour holds no compiler; `-devel` does")
        }
        _ => None,
    }
}

fn check_stage(build: &Build, stage: &Stage, image: &BaseImage, lacks: &str, sink: &mut Sink) {
    for (owner, index, step) in build.steps(stage) {
        if let Action::Run(runs) = &step.action {
            for run in runs {
                let place = crate::dockerfile::Place { stage: owner, step: index, run };
                if owner.index == stage.index
                    && let Some(install) = crate::commands::pip::install(run)
                    && channels::of(build, place, &install).is_default()
                    && let Some(package) = compiled(run, &install)
                {
                    report(package, image, lacks, sink);
                }
                if may_bring_compiler(run) {
                    return;
                }
            }
        }
        if changes(build, step) {
            return;
        }
    }
}

/// The package that will be compiled.
fn compiled<'i>(run: &Run, install: &'i Install<'_>) -> Option<&'i Requirement> {
    let certain = !run.flow.conditional && !run.flow.tolerated && install.tool != Tool::UvAdd;
    let from_source = !install.has(&["--only-binary", "--no-build", "--dry-run", "--no-index"]);
    let found = install
        .requirements
        .iter()
        .find(|requirement| COMPILED.contains(&requirement.name.as_str()) && requirement.url.is_none())?;
    (certain && from_source).then_some(found)
}

fn may_bring_compiler(run: &Run) -> bool {
    if let Some(install) = system::install(run) {
        let known = run.args.iter().all(|arg| arg.text.is_some());
        return !known
            || install.packages.iter().any(|package| {
                package.name.contains("cuda")
                    || package.name.contains("nvcc")
                    || package.name.ends_with(".deb")
            });
    }
    if conda::install(run).is_some() {
        return true;
    }
    if let Some(install) = crate::commands::pip::install(run) {
        return install.requirements.iter().any(|requirement| {
            requirement.name.contains("nvcc") || requirement.name.contains("cuda-toolkit")
        });
    }
    !unseen::is_plain(run)
}

fn changes(build: &Build, step: &Step) -> bool {
    match &step.action {
        Action::Env(sets) => sets.iter().any(|set| {
            matches!(set.name.as_str(), "CUDA_HOME" | "CUDA_PATH" | "PATH") && set.raw.contains("cuda")
        }),
        Action::Run(_) => build.instruction(step).is_some_and(|instruction| {
            instruction.flags.iter().any(|flag| flag.name == "mount" && flag.value.contains("from="))
        }),
        _ => unseen::may_bring_programs(build, step),
    }
}

fn report(package: &Requirement, image: &BaseImage, lacks: &str, sink: &mut Sink) {
    let name = &package.name;
    let finding = sink.report_requirement(
        package,
        format!("`{name}` is compiled with nvcc, and there is none in this stage"),
    );
    finding.label("has no wheels on the default index");
    finding.also(image.span, lacks.to_owned());
    finding.note(format!("the build will stop with {}", symptom(name, image)));
    finding.help("build it in a stage on a `-devel` image and copy the result, or install a wheel from the project's releases by its address");
}

/// What the set-up programs say: those of images with the folder of CUDA and without the compiler,
/// and those of images without either.
fn symptom(name: &str, image: &BaseImage) -> &'static str {
    if is_cuda_repository(image) {
        return "`FileNotFoundError: [Errno 2] No such file or directory: '/usr/local/cuda/bin/nvcc'`";
    }
    match name {
        "flash-attn" => "`OSError: CUDA_HOME environment variable is not set`",
        _ => "`NameError: name 'bare_metal_version' is not defined` (nvcc was not found)",
    }
}
