//! G507: a wheel of torch without code for a GPU that it will meet.

use crate::commands::pip::Tool;
use crate::config::capability;
use crate::dockerfile::Build;
use crate::facts::channels;
use crate::facts::torch::{installs, only_suffix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};
use knowledge::torch::{release_of, runs_on};
use knowledge::{Capability, Cuda};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G507"),
    name: "wheel-lacks-gpu",
    severity: Severity::Error,
    family: Family::Architecture,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let gpus: Vec<(&str, Capability)> =
        context.options.gpus.iter().filter_map(|name| Some((name.as_str(), capability(name)?))).collect();
    if gpus.is_empty() {
        return;
    }
    for stage in build.stages.iter().filter(|stage| build.is_ancestor_of_target(stage)) {
        for (place, install) in installs(build, stage) {
            let Some(torch) = install.requirement("torch") else { continue };
            let Some((version, release)) = torch.pinned().and_then(|text| Some((text, release_of(text)?)))
            else {
                continue;
            };
            if place.run.flow.conditional || install.tool == Tool::UvAdd {
                continue;
            }
            let channels = channels::of(build, place, &install);
            let local = torch.local().map(str::to_owned);
            let by_index = only_suffix(&channels).map(|(suffix, _)| suffix);
            let by_default = || channels.is_default().then(|| release.default.map(Cuda::suffix)).flatten();
            let Some(suffix) = local.or(by_index).or_else(by_default) else { continue };
            let lacks = gpus.iter().find(|(_, gpu)| runs_on(release.version, &suffix, *gpu) == Some(false));
            let Some((name, gpu)) = lacks else { continue };
            let text = format!("torch {version} for `{suffix}` has no code for `{name}`");
            let finding = sink.report_requirement(torch, text);
            finding.label(format!("compute capability {gpu} is not among its targets"));
            finding.note(
                "programs end with `CUDA error: no kernel image is available for execution on the device`",
            );
            finding.help(format!("`longshore compat --gpu \"{name}\"` says which releases have code for it"));
        }
    }
}
