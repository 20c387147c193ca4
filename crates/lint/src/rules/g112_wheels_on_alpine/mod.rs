//! G112: wheels for GPUs on an image with musl.

use crate::commands::pip::{Install, Tool};
use crate::commands::requirements::Requirement;
use crate::dockerfile::Build;
use crate::dockerfile::{BaseImage, Stage};
use crate::facts::channels;
use crate::facts::torch::installs;
use crate::facts::unseen;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G112"),
    name: "wheels-on-alpine",
    severity: Severity::Error,
    family: Family::Base,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

/// Packages with wheels for glibc alone and without a source archive on the index.
const GLIBC_ONLY: &[&str] =
    &["torch", "torchvision", "torchaudio", "tensorflow", "tensorflow-cpu", "onnxruntime-gpu", "jaxlib"];

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in &build.stages {
        let Some(image) = build.root_image(stage).filter(|image| is_musl(image)) else { continue };
        check_stage(build, stage, image, sink);
    }
}

/// Alpine itself, and the official Python on it.
fn is_musl(image: &BaseImage) -> bool {
    let tag = image.name.tag.as_deref().unwrap_or("");
    match image.name.hub() {
        Some("alpine") => true,
        Some("python") => tag.split('-').any(|word| word.starts_with("alpine")),
        _ => false,
    }
}

fn check_stage(build: &Build, stage: &Stage, image: &BaseImage, sink: &mut Sink) {
    for (place, install) in installs(build, stage) {
        let earlier = build
            .steps(stage)
            .take_while(|(owner, index, _)| owner.index != place.stage.index || *index < place.step);
        // Another C library or another Python may come with programs that are not seen.
        if earlier.into_iter().any(|(_, _, step)| unseen::may_bring_programs(build, step) && !is_apk(step)) {
            return;
        }
        let certain = !place.run.flow.conditional && !place.run.flow.tolerated && install.tool != Tool::UvAdd;
        let known =
            !channels::of(build, place, &install).has_unknown && !install.has(&["--platform", "--dry-run"]);
        if certain
            && known
            && let Some(package) = glibc_only(&install)
        {
            report(package, image, sink);
        }
    }
}

/// `apk` brings no glibc unless it is named.
fn is_apk(step: &crate::dockerfile::Step) -> bool {
    let crate::dockerfile::Action::Run(runs) = &step.action else { return false };
    runs.iter().all(|run| {
        (run.name() == "apk"
            && run.args.iter().all(|arg| arg.text.is_some() && !arg.known().contains("glibc")))
            || unseen::is_plain(run)
    })
}

fn glibc_only<'i>(install: &'i Install<'_>) -> Option<&'i Requirement> {
    install
        .requirements
        .iter()
        .find(|requirement| GLIBC_ONLY.contains(&requirement.name.as_str()) && requirement.url.is_none())
}

fn report(package: &Requirement, image: &BaseImage, sink: &mut Sink) {
    let name = &package.name;
    let finding = sink.report_requirement(package, format!("`{name}` has no wheel for Alpine"));
    finding.label("its wheels are for glibc");
    finding.also(image.span, "has musl");
    finding.note(format!("the build will stop with `ERROR: No matching distribution found for {name}`"));
    finding
        .help("take an image with glibc, such as `python:3.12-slim`; the driver's libraries need glibc too");
}
