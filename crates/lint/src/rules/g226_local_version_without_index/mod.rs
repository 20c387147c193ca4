//! G226: a build of torch for one CUDA that the default index does not have.

use crate::commands::pip::{Install, Tool};
use crate::commands::requirements::Requirement;
use crate::dockerfile::{Action, Argument, Build, Place, Source, Stage};
use crate::facts::base::{is_cuda_repository, plain_system};
use crate::facts::channels;
use crate::facts::torch::{FAMILY, installs, is_suffix};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};
use knowledge::torch;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G226"),
    name: "local-version-without-index",
    severity: Severity::Error,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in build.stages.iter().filter(|stage| is_plain(build, stage)) {
        let lineage = build.lineage(stage);
        let (_, before) = lineage.split_last().unwrap_or((&stage, &[]));
        let mut names_torch =
            before.iter().any(|stage| installs(build, stage).iter().any(|(_, i)| has_torch(i)));
        for (place, install) in installs(build, stage) {
            // One index is enough for all packages of a command.
            let wanted = install.requirements.iter().find(|requirement| wants_build(requirement));
            if let Some(wanted) = wanted.filter(|_| !names_torch && is_certain(build, place, &install)) {
                report(wanted, sink);
            }
            names_torch |= has_torch(&install);
        }
    }
}

/// Whether nothing but the file itself says where packages come from, or brings torch along: images of
/// other people may have a configuration of pip.
fn is_plain(build: &Build, stage: &Stage) -> bool {
    let is_known = build.root_image(stage).is_some_and(|image| {
        image.name.hub() == Some("python") || is_cuda_repository(image) || plain_system(image).is_some()
    });
    let brings = |action: &Action| match action {
        Action::Opaque => true,
        Action::Copy(copy) => {
            let target = copy.target.as_ref().map_or("", Argument::known).trim_end_matches('/');
            !matches!(copy.source, Source::Context) || matches!(target, "" | "/etc" | "/root")
        }
        _ => false,
    };
    is_known && !build.steps(stage).any(|(_, _, step)| brings(&step.action))
}

fn has_torch(install: &Install<'_>) -> bool {
    install.has_unknown || install.requirements.iter().any(|r| FAMILY.contains(&r.name.as_str()))
}

fn is_certain(build: &Build, place: Place<'_>, install: &Install<'_>) -> bool {
    let step = place.stage.steps.get(place.step).and_then(|step| build.instruction(step));
    let mounts_settings = step.is_some_and(|instruction| {
        instruction.flags.iter().any(|flag| flag.name == "mount" && !flag.value.contains("type=cache"))
    });
    // uv also reads the settings of a project.
    install.tool == Tool::Pip
        && !mounts_settings
        && !place.run.flow.conditional
        && !place.run.flow.tolerated
        && !install.has(&["--dry-run"])
        && channels::of(build, place, install).is_default()
}

/// `torch==2.1.0+cu118`.
fn wants_build(requirement: &Requirement) -> bool {
    FAMILY.contains(&requirement.name.as_str())
        && requirement.url.is_none()
        && requirement.local().is_some_and(|local| local == "cpu" || is_suffix(local))
}

fn report(requirement: &Requirement, sink: &mut Sink) {
    let (name, version) = (&requirement.name, requirement.pinned().unwrap_or_default());
    let local = requirement.local().unwrap_or_default().to_owned();
    let is_published = torch::RELEASES.iter().any(|release| release.builds.contains(&local.as_str()));
    let finding = sink.report_requirement(requirement, format!("PyPI has no `{local}` builds of {name}"));
    finding.label("only PyTorch's own indexes have them");
    finding.note(format!("pip will stop with `ERROR: No matching distribution found for {name}=={version}`"));
    if !is_published && local != "cpu" {
        return;
    }
    let option = format!("--extra-index-url https://download.pytorch.org/whl/{local}");
    finding.help(format!("add `{option}`"));
    if requirement.origin.is_none() && requirement.exact {
        let end = requirement.span.end;
        let edit = Edit::new(Span::new(end, end), format!(" {option}"));
        finding.fix(Fix::needs_review("add the index", edit));
    }
}
