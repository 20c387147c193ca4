//! G104: a tag of `nvidia/cuda` that was deleted or never existed.

use crate::dockerfile::{Base, BaseImage, Build};
use crate::facts::base::{is_cuda_repository, tag_is_literal, tag_span, taken_from};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};
use knowledge::image::{Verdict, judge};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G104"),
    name: "cuda-tag-removed",
    severity: Severity::Error,
    family: Family::Base,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    for stage in &context.model.stages {
        let is_built = context.model.is_ancestor_of_target(stage);
        if let Base::Image(image) = &stage.base {
            judge_tag(image, is_built, sink);
        }
        for image in taken_from(context.model, stage) {
            judge_tag(&image, is_built, sink);
        }
    }
}

fn judge_tag(image: &BaseImage, is_built: bool, sink: &mut Sink) {
    // Copies in other registries keep what was deleted on the Hub.
    if !is_cuda_repository(image) || image.name.registry.is_some() || image.name.digest.is_some() {
        return;
    }
    let Some(tag) = image.name.tag.as_deref().filter(|tag| *tag != "latest") else { return };
    let Verdict::Missing { reason, instead, .. } = judge(tag) else { return };
    let span = tag_span(image);
    let finding = sink.report(span, format!("`nvidia/cuda:{tag}` does not exist"));
    finding.label(reason);
    for origin in &image.origins {
        finding.also(*origin, "a part of the tag comes from here");
    }
    let build = if is_built { "the build" } else { "a build that needs this stage" };
    finding.note(format!(
        "{build} will stop with `docker.io/nvidia/cuda:{tag}: not found` (`manifest unknown`), unless an old copy of the image is still on the machine"
    ));
    let Some(instead) = instead else {
        finding.help("choose a tag that NVIDIA offers");
        return;
    };
    finding.help(format!("`{instead}` exists"));
    if tag_is_literal(image) {
        finding.fix(Fix::needs_review(format!("use `{instead}`"), Edit::new(span, instead)));
    }
}
