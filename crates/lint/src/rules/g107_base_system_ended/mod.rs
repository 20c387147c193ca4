//! G107: a CUDA image on a system that gets no more updates.

use crate::dockerfile::Build;
use crate::dockerfile::{Base, BaseImage};
use crate::facts::base::{is_cuda_repository, tag_span};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};
use knowledge::image::{Tag, Verdict, judge, system_end};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G107"),
    name: "base-system-ended",
    severity: Severity::Warning,
    family: Family::Base,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    for stage in &context.model.stages {
        let Base::Image(image) = &stage.base else { continue };
        let Some((system, end)) = ended(image) else { continue };
        let finding = sink.report(tag_span(image), format!("{system} has had no updates since {end}"));
        finding.label(format!("built on {system}"));
        for origin in &image.origins {
            finding.also(*origin, "a part of the tag comes from here");
        }
        finding.note("packages and wheels built on newer systems stop here with ``version `GLIBC_2.34' not found``, and in time its package lists move away: `404  Not Found`");
        finding.help("take the same release on a newer system, such as `-ubuntu22.04`");
    }
}

fn ended(image: &BaseImage) -> Option<(String, &'static str)> {
    if !is_cuda_repository(image) || image.name.digest.is_some() {
        return None;
    }
    let text = image.name.tag.as_deref()?;
    let system = Tag::parse(text)?.system?;
    let end = system_end(&system)?;
    (!matches!(judge(text), Verdict::Missing { .. })).then_some((system, end.end))
}
