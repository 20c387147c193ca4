//! G203: a version of torch that its index does not have.

use crate::commands::pip::Tool;
use crate::commands::requirements::Requirement;
use crate::dockerfile::Build;
use crate::facts::channels::{self, Channels};
use crate::facts::torch::{Offer, installs, is_suffix, offer, only_suffix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};
use knowledge::torch;

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G203"),
    name: "torch-wheel-missing",
    severity: Severity::Error,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in &build.stages {
        for (place, install) in installs(build, stage) {
            if install.tool == Tool::UvAdd || place.run.flow.tolerated {
                continue;
            }
            let channels = channels::of(build, place, &install);
            let Some(torch) = install.requirement("torch").filter(|torch| torch.url.is_none()) else {
                continue;
            };
            if let Some((suffix, span)) = wanted(torch, &channels) {
                judge(torch, &suffix, span, sink);
            }
        }
    }
}

/// The CUDA build that is asked for, and where: by the local part of the version, or by the only
/// index.
fn wanted(torch: &Requirement, channels: &Channels) -> Option<(String, Option<Span>)> {
    if let Some(local) = torch.local() {
        let known = is_suffix(local)
            && !channels.has_unknown
            && channels.all().all(|channel| offer(channel).is_some_and(|offer| is_release(&offer)));
        return (known && channels.all().next().is_some()).then(|| (local.to_owned(), None));
    }
    let (suffix, channel) = only_suffix(channels)?;
    Some((suffix, Some(channel.span)))
}

/// Nightly and test channels have builds that releases do not have.
fn is_release(offer: &Offer) -> bool {
    matches!(offer, Offer::Cuda(_) | Offer::Cpu)
}

fn judge(torch: &Requirement, suffix: &str, index: Option<Span>, sink: &mut Sink) {
    let Some(version) = torch.pinned() else { return };
    let public = version.split('+').next().unwrap_or(version);
    let Some(release) = torch::release_of(public).filter(|_| is_final(public)) else { return };
    // An index that never existed is G204. Builds for 12.9 went on beside the announced ones.
    if release.builds.contains(&suffix) || torch::never_existed(suffix) || suffix == "cu129" {
        return;
    }
    let finding = sink.report_requirement(torch, format!("there is no `{suffix}` build of torch {public}"));
    if let Some(span) = index {
        finding.label("not on this index").also(span, format!("the index for `{suffix}`"));
    }
    finding.note(format!("pip will stop with `ERROR: No matching distribution found for torch=={version}`"));
    finding.help(format!("torch {public} was built for {}", list(release.builds)));
    if let Some((major, minor)) = newest_with(suffix) {
        finding.help(format!("the newest release built for `{suffix}` is {major}.{minor}"));
    }
}

/// Numbers and dots only: no pre-release.
fn is_final(version: &str) -> bool {
    version.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn newest_with(suffix: &str) -> Option<(u32, u32)> {
    torch::RELEASES
        .iter()
        .rev()
        .find(|release| release.builds.contains(&suffix))
        .map(|release| release.version)
}

fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
