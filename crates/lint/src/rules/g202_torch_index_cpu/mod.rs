//! G202: the build of torch without CUDA on an image with CUDA.

use crate::commands::pip::Tool;
use crate::dockerfile::Build;
use crate::facts::base::cuda_base;
use crate::facts::channels;
use crate::facts::torch::{Offer, installs, offer};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};
use knowledge::image::Flavour;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G202"),
    name: "torch-index-cpu",
    severity: Severity::Warning,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in build.stages.iter().filter(|stage| build.is_ancestor_of_target(stage)) {
        let math = |flavour| matches!(flavour, Some(Flavour::Runtime | Flavour::Devel));
        let Some(base) = cuda_base(build, stage).filter(|base| math(base.tag.flavour)) else { continue };
        for (place, install) in installs(build, stage) {
            let Some(torch) = install.requirement("torch").filter(|torch| torch.url.is_none()) else {
                continue;
            };
            if place.run.flow.conditional || install.tool == Tool::UvAdd || install.installs_elsewhere() {
                continue;
            }
            let channels = channels::of(build, place, &install);
            let only = channels.index.as_ref().filter(|_| !channels.has_unknown && channels.extra.is_empty());
            let by_index =
                only.filter(|channel| offer(channel) == Some(Offer::Cpu)).map(|channel| channel.span);
            if by_index.is_none() && torch.local() != Some("cpu") {
                continue;
            }
            let finding = sink.report_requirement(torch, "this torch is built without CUDA");
            if let Some(span) = by_index {
                finding.also(span, "the index of builds for CPUs");
            }
            finding.also(base.image.span, format!("CUDA {} here", base.cuda));
            finding.note("`torch.cuda.is_available()` is false, and `.cuda()` ends with `AssertionError: Torch not compiled with CUDA enabled`");
            finding.help("take the index for a CUDA, or an image without one: it is several GB smaller");
        }
    }
}
