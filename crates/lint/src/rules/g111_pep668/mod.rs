//! G111: pip into a Python that the system guards.

use crate::commands::pip::{Install, Tool};
use crate::commands::{base_name, system};
use crate::dockerfile::{Action, BaseImage, Build, Stage, Step};
use crate::facts::base::{is_cuda_repository, plain_system};
use crate::facts::unseen;
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G111"),
    name: "pep668",
    severity: Severity::Error,
    family: Family::Base,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

/// Whoever writes one of these knows of the guard.
const SIGNS: &[&str] = &[
    "break-system-packages",
    "BREAK_SYSTEM_PACKAGES",
    "EXTERNALLY-MANAGED",
    "pip.conf",
    "pip config",
    "activate",
];

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    if SIGNS.iter().any(|sign| context.file.text.contains(sign)) {
        return;
    }
    let mut reported: Vec<Span> = Vec::new();
    for stage in &build.stages {
        let Some(image) = build.root_image(stage) else { continue };
        if plain_system(image).is_some_and(|system| system.refuses_pip()) {
            stage_calls(build, stage, image, &mut reported, sink);
        }
    }
}

fn stage_calls(build: &Build, stage: &Stage, image: &BaseImage, reported: &mut Vec<Span>, sink: &mut Sink) {
    let mut from_system = None;
    for (_, _, step) in build.steps(stage) {
        if let Action::Run(runs) = &step.action {
            for run in runs {
                from_system = from_system.or_else(|| installs_pip(run));
                let Some(install) = crate::commands::pip::install(run) else { continue };
                let certain = !run.flow.conditional && !run.flow.tolerated;
                if let (Some(package), true, false) =
                    (from_system, certain && is_guarded(&install), reported.contains(&run.span))
                {
                    reported.push(run.span);
                    report(image, &install, package, sink);
                }
            }
        }
        if changes_python(build, step) {
            return;
        }
    }
}

/// `apt-get install python3-pip`.
fn installs_pip(run: &crate::dockerfile::Run) -> Option<Span> {
    let install = system::install(run)?;
    install.packages.iter().find(|package| package.name == "python3-pip").map(|package| package.arg.span)
}

/// Whether the call is of the system's pip and installs into the system.
fn is_guarded(install: &Install<'_>) -> bool {
    let program = install.program.known();
    install.tool == Tool::Pip
        && matches!(base_name(install.program), "pip" | "pip3" | "python3")
        && !program.contains('/')
        && !install.installs_elsewhere()
        && !install.has(&["--dry-run", "--python", "--help", "-h"])
}

/// Whether another Python may be the one in front afterwards.
fn changes_python(build: &Build, step: &Step) -> bool {
    let sets_variable = match &step.action {
        Action::Env(sets) => {
            sets.iter().any(|set| matches!(set.name.as_str(), "PATH" | "VIRTUAL_ENV" | "BASH_ENV"))
        }
        _ => false,
    };
    sets_variable || unseen::may_bring_programs(build, step)
}

fn report(image: &BaseImage, install: &Install<'_>, package: Span, sink: &mut Sink) {
    let system = if is_cuda_repository(image) { "this image's system" } else { "this system" };
    let finding = sink.report(install.program.span, "pip refuses to install into the system's Python");
    finding.label("needs a virtual environment, or consent");
    finding.also(image.span, format!("{system} guards its Python (PEP 668)"));
    finding.also(package, "this pip obeys the guard");
    finding.note("the build will stop with `error: externally-managed-environment`");
    finding.help("make a virtual environment (`python3 -m venv /opt/venv`, then `ENV PATH=/opt/venv/bin:$PATH`), or say `--break-system-packages`: an image has no other user of its Python");
    let end = install.verb.span.end;
    finding.fix(Fix::needs_review(
        "add `--break-system-packages`",
        Edit::new(Span::new(end, end), " --break-system-packages"),
    ));
}
