//! G205: a later install that replaces the torch of an earlier one.

use crate::commands::pip::Install;
use crate::commands::requirements::Requirement;
use crate::dockerfile::{Build, Place};
use crate::facts::channels;
use crate::facts::torch::{BINDING, installs};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};
use knowledge::torch::{CURRENT, release_of};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G205"),
    name: "torch-clobbered",
    severity: Severity::Warning,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

/// What an earlier install has pinned.
struct Pinned {
    version: String,
    span: Span,
    program: String,
}

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in build.stages.iter().filter(|stage| build.is_ancestor_of_target(stage)) {
        let mut pinned: Option<Pinned> = None;
        for earlier in build.lineage(stage) {
            for (place, install) in installs(build, earlier) {
                if let Some(before) = &pinned
                    && earlier.index == stage.index
                    && let Some(package) = replaces(build, place, &install, before)
                {
                    report(package, before, sink);
                    pinned = None;
                }
                remember(place, &install, &mut pinned);
            }
        }
    }
}

fn remember(place: Place<'_>, install: &Install<'_>, pinned: &mut Option<Pinned>) {
    let names_torch = install.requirement("torch");
    if let Some(torch) = names_torch {
        let version = torch.pinned().filter(|version| is_older(version) && !place.run.flow.conditional);
        *pinned = version.map(|version| Pinned {
            version: version.to_owned(),
            span: torch.span,
            program: install.program.known().to_owned(),
        });
    }
}

/// Whether a version is of an older release than the newest packages ask for.
fn is_older(version: &str) -> bool {
    release_of(version).is_some_and(|release| release.version < CURRENT.0)
}

/// The package that will bring another torch.
fn replaces<'i>(
    build: &Build,
    place: Place<'_>,
    install: &'i Install<'_>,
    before: &Pinned,
) -> Option<&'i Requirement> {
    let channels = channels::of(build, place, install);
    let open = install.constraints.is_empty()
        && install.files.is_empty()
        && !install.has(&["--no-deps", "--dry-run", "--overrides", "--override"])
        && !install.installs_elsewhere()
        && install.requirement("torch").is_none()
        && install.program.known() == before.program
        && channels.is_default()
        && !place.run.flow.conditional;
    let all_free = install
        .requirements
        .iter()
        .filter(|requirement| BINDING.contains(&requirement.name.as_str()))
        .all(Requirement::is_free);
    if !open || !all_free {
        return None;
    }
    install.requirements.iter().find(|requirement| BINDING.contains(&requirement.name.as_str()))
}

fn report(package: &Requirement, before: &Pinned, sink: &mut Sink) {
    let name = &package.name;
    let finding = sink
        .report_requirement(package, format!("`{name}` without a version replaces torch {}", before.version));
    finding.label(format!("the newest `{name}` asks for one other version of torch"));
    finding.also(before.span, "installed here");
    finding.note("pip takes torch anew from the default index, and packages built against the old one stop with `undefined symbol` or `operator torchvision::nms does not exist`");
    finding.help(format!("install both in one command, pin `{name}` to the version for torch {}, or give a constraints file (`-c`)", before.version));
}
