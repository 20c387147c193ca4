//! G103: a tag of `nvidia/cuda` whose images get no more fixes.

use crate::dockerfile::Build;
use crate::dockerfile::{Base, BaseImage};
use crate::facts::base::{is_cuda_repository, tag_is_literal, tag_span};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};
use knowledge::image::{Ended, Tag, Verdict, ended, judge};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G103"),
    name: "cuda-tag-eol",
    severity: Severity::Warning,
    family: Family::Base,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    for stage in &context.model.stages {
        let Base::Image(image) = &stage.base else { continue };
        if is_cuda_repository(image) && image.name.registry.is_none() && image.name.digest.is_none() {
            judge_tag(image, sink);
        }
    }
}

fn judge_tag(image: &BaseImage, sink: &mut Sink) {
    let Some(text) = image.name.tag.as_deref() else { return };
    // A tag that is gone is G104.
    if judge(text) != Verdict::Plausible {
        return;
    }
    let Some(tag) = Tag::parse(text) else { return };
    match ended(&tag) {
        Some(Ended::Replaced { last, instead }) => replaced(image, text, last, instead, sink),
        Some(Ended::Branch { number, end, .. }) => {
            let finding =
                sink.report(tag_span(image), format!("`nvidia/cuda:{text}` is past its end of life"));
            finding.label(format!("came with driver branch {number}, maintained until {end}"));
            explain(finding, image);
            finding.help(
                "move to a release whose branch is maintained; `longshore compat --image` says what it needs",
            );
        }
        None => {}
    }
}

fn replaced(image: &BaseImage, text: &str, last: &str, instead: Option<String>, sink: &mut Sink) {
    let span = tag_span(image);
    let finding = sink.report(span, format!("`nvidia/cuda:{text}` was replaced by update {last}"));
    // A pinned update still builds: worth knowing, not worth failing a build for.
    finding.severity(Severity::Note);
    finding.label("only the last update of a release is rebuilt");
    explain(finding, image);
    let Some(instead) = instead else { return };
    finding.help(format!("`{instead}` is the same release with its last update"));
    if tag_is_literal(image) {
        finding.fix(Fix::needs_review(format!("use `{instead}`"), Edit::new(span, instead)));
    }
}

fn explain(finding: &mut crate::Finding, image: &BaseImage) {
    for origin in &image.origins {
        finding.also(*origin, "a part of the tag comes from here");
    }
    finding.note("NVIDIA gives such images no fixes any more, marks them `THIS IMAGE IS DEPRECATED and is scheduled for DELETION`, and deletes them in time: `manifest unknown`");
}
