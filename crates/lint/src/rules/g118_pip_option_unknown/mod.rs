//! G118: an option that the pip of the system does not know yet.

use crate::commands::pip::{self, Tool};
use crate::commands::{base_name, system};
use crate::dockerfile::Build;
use crate::dockerfile::{Action, BaseImage, Run, Stage};
use crate::facts::base::{System, plain_system};
use crate::facts::unseen;
use crate::finding::Fix;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G118"),
    name: "pip-option-unknown",
    severity: Severity::Error,
    family: Family::Base,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

const OPTION: &str = "--break-system-packages";

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in &build.stages {
        let Some(image) = build.root_image(stage) else { continue };
        let Some(version) = plain_system(image).and_then(old_pip) else { continue };
        check_stage(build, stage, image, version, &context.file.text, sink);
    }
}

/// The pip of systems before pip 23.0.1, which brought the option.
fn old_pip(system: System) -> Option<&'static str> {
    match system {
        System::Ubuntu(20, 4) => Some("20.0.2"),
        System::Ubuntu(22, 4) => Some("22.0.2"),
        System::Debian(11) => Some("20.3.4"),
        System::Debian(10) => Some("18.1"),
        _ => None,
    }
}

fn check_stage(build: &Build, stage: &Stage, image: &BaseImage, version: &str, text: &str, sink: &mut Sink) {
    let mut from_system = false;
    for (owner, _, step) in build.steps(stage) {
        if let Action::Run(runs) = &step.action {
            for run in runs {
                if changes_pip(run) {
                    return;
                }
                from_system |= brings_pip(run);
                if from_system && owner.index == stage.index {
                    judge(run, image, version, text, sink);
                }
            }
        }
        if unseen::may_bring_programs(build, step) {
            return;
        }
    }
}

fn brings_pip(run: &Run) -> bool {
    system::install(run)
        .is_some_and(|install| install.packages.iter().any(|package| package.name == "python3-pip"))
}

/// Whether another pip may come: by pip itself, by a script, by a virtual environment, by an environment
/// that is not seen.
fn changes_pip(run: &Run) -> bool {
    if let Some(install) = pip::install(run) {
        return install.requirement("pip").is_some() || install.has_unknown || install.tool != Tool::Pip;
    }
    if let Some(install) = system::install(run) {
        return install
            .packages
            .iter()
            .any(|package| package.name.starts_with("python3.") || package.name.contains("conda"));
    }
    !unseen::is_plain(run)
}

fn judge(run: &Run, image: &BaseImage, version: &str, text: &str, sink: &mut Sink) {
    let Some(install) = pip::install(run) else { return };
    let own = matches!(base_name(install.program), "pip" | "pip3" | "python3")
        && install.program.known() == base_name(install.program);
    if !own || run.flow.conditional || run.flow.tolerated {
        return;
    }
    let Some(option) = install.options.iter().find(|option| option.known() == OPTION) else { return };
    let finding = sink.report(option.span, format!("the pip of this system does not know `{OPTION}`"));
    finding.label("since pip 23.0.1");
    finding.also(image.span, format!("its package `python3-pip` is {version}"));
    finding.note(format!("the build will stop with `no such option: {OPTION}`"));
    finding.help("leave it out: this system lets pip install");
    if option.exact {
        let edit = crate::facts::edit::remove_word(text, option.span);
        finding.fix(Fix::safe("remove the option", edit));
    }
}
