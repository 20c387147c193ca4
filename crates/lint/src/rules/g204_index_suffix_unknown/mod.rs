//! G204: an index of PyTorch wheels that never existed.

use crate::dockerfile::Build;
use crate::facts::channels::{self, Channel};
use crate::facts::torch::{Offer, installs, offer};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};
use knowledge::{Cuda, torch};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G204"),
    name: "index-suffix-unknown",
    severity: Severity::Error,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in &build.stages {
        for (place, install) in installs(build, stage) {
            let pinned = install.requirement("torch").and_then(|requirement| requirement.pinned());
            for channel in channels::of(build, place, &install).all() {
                if let Some(Offer::Cuda(suffix)) = offer(channel)
                    && torch::never_existed(&suffix)
                {
                    report(&context.file.text, channel, &suffix, pinned, sink);
                }
            }
        }
    }
}

fn report(text: &str, channel: &Channel, suffix: &str, pinned: Option<&str>, sink: &mut Sink) {
    let written = channel.span.of(text);
    let place = written
        .find(suffix)
        .map(|at| Span::new(channel.span.start + at, channel.span.start + at + suffix.len()));
    let finding = sink.report(place.unwrap_or(channel.span), format!("PyTorch has no index `{suffix}`"));
    finding.label("never published");
    finding.note(format!(
        "the address answers 403 Forbidden; pip will stop with `ERROR: No matching distribution found`, or take the wheel of the default index where that one is searched too (`{}`)",
        channel.url
    ));
    let Some(nearest) = nearest(suffix, pinned) else { return };
    finding.help(format!("`{nearest}` is the nearest one; programs for it run on the same drivers (minor version compatibility)"));
    if let Some(place) = place {
        finding.fix(Fix::needs_review(format!("use `{nearest}`"), Edit::new(place, nearest)));
    }
}

/// The published index nearest to a suffix within the same CUDA family: for the pinned release, or
/// at all.
fn nearest(suffix: &str, pinned: Option<&str>) -> Option<String> {
    let wanted = Cuda::parse(suffix)?;
    let published: Vec<&str> = match pinned.map(torch::release_of) {
        Some(release) => release?.builds.to_vec(),
        None => torch::RELEASES.iter().flat_map(|release| release.builds).copied().collect(),
    };
    let mut candidates: Vec<Cuda> = published
        .iter()
        .filter_map(|name| Cuda::parse(name))
        .filter(|cuda| cuda.major == wanted.major)
        .collect();
    candidates.sort_by_key(|cuda| (cuda.minor.abs_diff(wanted.minor), cuda.minor));
    candidates.first().map(|cuda| cuda.suffix())
}
