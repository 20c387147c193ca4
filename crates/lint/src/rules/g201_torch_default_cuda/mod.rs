//! G201: torch from the default index on an image of another CUDA family.

use crate::commands::pip::{Install, Tool};
use crate::commands::requirements::Requirement;
use crate::dockerfile::{Build, Stage};
use crate::facts::base::{CudaBase, cuda_base};
use crate::facts::channels;
use crate::facts::torch::{self as wheels, FAMILY, installs, is_open};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};
use knowledge::{Cuda, cuda, torch};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G201"),
    name: "torch-default-cuda",
    severity: Severity::Warning,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in build.stages.iter().filter(|stage| build.is_ancestor_of_target(stage)) {
        let Some(base) = cuda_base(build, stage) else { continue };
        if wheels::is_foreign_platform(stage) {
            continue;
        }
        let mut seen = false;
        for (place, install) in installs(build, stage) {
            let channels = channels::of(build, place, &install);
            let locked = install.tool == Tool::UvSync;
            let free = channels.is_default()
                && (locked || !wheels::is_bound(&install))
                && install.tool != Tool::UvAdd;
            if !seen && free && !place.run.flow.conditional {
                judge(build, stage, &base, &install, sink);
            }
            seen |=
                install.requirement("torch").is_some() || install.has_unknown || !install.files.is_empty();
        }
    }
}

fn judge(build: &Build, stage: &Stage, base: &CudaBase<'_>, install: &Install<'_>, sink: &mut Sink) {
    let Some(wanted) = install.requirement("torch").filter(|torch| torch.url.is_none()) else { return };
    let Some(brought) = brought(build, stage, install, wanted) else { return };
    if brought.major == base.cuda.major {
        return;
    }
    let finding = sink.report(
        wanted.span,
        format!("the default index brings torch for CUDA {brought}, the base image has {}", base.cuda),
    );
    finding.label(format!("built for CUDA {brought}"));
    finding.also(base.image.span, format!("CUDA {} here", base.cuda));
    if let Some(family) = cuda::family(brought) {
        finding.note(format!(
            "the wheel needs driver {} or newer, else `The NVIDIA driver on your system is too old`; extensions compiled here stop with `The detected CUDA version ({}) mismatches the version that was used to compile PyTorch ({brought})`",
            family.floor, base.cuda
        ));
    }
    let Some(suffix) = suffix(base.cuda, wanted) else {
        finding.help("choose a base image of that family, or an index for this one");
        return;
    };
    finding.help(format!("take it from the index for `{suffix}`"));
    let all_there =
        install.requirements.iter().all(|requirement| FAMILY.contains(&requirement.name.as_str()));
    if all_there && wanted.exact {
        let end = install.verb.span.end;
        let text = format!(" --index-url https://download.pytorch.org/whl/{suffix}");
        finding.fix(Fix::needs_review(
            format!("add the index for `{suffix}`"),
            Edit::new(Span::new(end, end), text),
        ));
    }
}

/// The CUDA of the wheel that the default index gives.
fn brought(build: &Build, stage: &Stage, install: &Install<'_>, wanted: &Requirement) -> Option<Cuda> {
    if let Some(version) = wanted.pinned() {
        return torch::release_of(version).filter(|_| wanted.local().is_none())?.default;
    }
    is_open(&wanted.specifier).then(|| wheels::newest_default(wheels::python_of(build, stage, install)))?
}

/// The index nearest to a CUDA release in its family: for the pinned version, or at all.
fn suffix(base: Cuda, wanted: &Requirement) -> Option<String> {
    let builds: Vec<&str> = match wanted.pinned() {
        Some(version) => torch::release_of(version)?.builds.to_vec(),
        None => torch::RELEASES.iter().flat_map(|release| release.builds).copied().collect(),
    };
    let family = builds.iter().filter_map(|name| Cuda::parse(name)).filter(|cuda| cuda.major == base.major);
    let nearest = family.min_by_key(|cuda| (cuda.minor.abs_diff(base.minor), cuda.minor))?;
    Some(nearest.suffix())
}
