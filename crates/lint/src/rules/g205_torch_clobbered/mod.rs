//! G205: a later install that replaces the torch of an earlier one.

use crate::commands::pip::Install;
use crate::commands::requirements::Requirement;
use crate::dockerfile::{Build, Place};
use crate::facts::channels;
use crate::facts::torch::{installs, newest_for, python_of};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};
use knowledge::torch::{ASKING, Asking, release_of};

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
    release: (u32, u32),
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
                    && is_open(build, place, &install, before)
                    && !is_newest_for_python(python_of(build, stage, &install), before)
                    && let Some((package, asking)) = replaces(&install, before)
                {
                    report(package, asking, before, sink);
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
        let version = torch.pinned().filter(|_| !place.run.flow.conditional);
        *pinned = version.and_then(|version| {
            Some(Pinned {
                version: version.to_owned(),
                release: release_of(version)?.version,
                span: torch.span,
                program: install.program.known().to_owned(),
            })
        });
    }
}

/// Whether pip is free in what it takes, in the place where torch was installed before.
fn is_open(build: &Build, place: Place<'_>, install: &Install<'_>, before: &Pinned) -> bool {
    let channels = channels::of(build, place, install);
    install.constraints.is_empty()
        && install.files.is_empty()
        && !install.has(&["--no-deps", "--dry-run", "--overrides", "--override"])
        && !install.installs_elsewhere()
        && install.requirement("torch").is_none()
        && install.program.known() == before.program
        && channels.is_default()
        && !place.run.flow.conditional
}

/// Whether this Python gets no later release of torch, nor of the packages that are made for it.
fn is_newest_for_python(python: Option<u32>, before: &Pinned) -> bool {
    python.and_then(newest_for).is_some_and(|newest| newest.version <= before.release)
}

/// The package that will bring another torch, with what its newest release asks for.
fn replaces<'i>(install: &'i Install<'_>, before: &Pinned) -> Option<(&'i Requirement, &'static Asking)> {
    let asking = |requirement: &Requirement| ASKING.iter().find(|row| row.package == requirement.name);
    let all_free = install
        .requirements
        .iter()
        .filter(|requirement| asking(requirement).is_some())
        .all(Requirement::is_free);
    let asked =
        install.requirements.iter().filter_map(|requirement| Some((requirement, asking(requirement)?)));
    asked.filter(|_| all_free).find(|(_, asking)| !asking.takes(before.release))
}

fn report(package: &Requirement, asking: &Asking, before: &Pinned, sink: &mut Sink) {
    let name = &package.name;
    let finding = sink
        .report_requirement(package, format!("`{name}` without a version replaces torch {}", before.version));
    let (major, minor) = asking.release;
    let (what, later) =
        if asking.exactly { ("one other version", "") } else { ("another version", " or later") };
    finding.label(format!("the newest `{name}` asks for {what} of torch, {major}.{minor}{later}"));
    finding.also(before.span, "installed here");
    finding.note("pip takes torch anew from the default index, and packages built against the old one stop with `undefined symbol` or `operator torchvision::nms does not exist`");
    finding.help(format!("install both in one command, pin `{name}` to the version for torch {}, or give a constraints file (`-c`)", before.version));
}
