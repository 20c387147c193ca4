//! G119: a package `python3.N` that the system does not have.

use crate::commands::system::{self, Manager, Package};
use crate::dockerfile::Build;
use crate::dockerfile::{Action, BaseImage, Run, Stage};
use crate::facts::base::{System, plain_system};
use crate::facts::unseen;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G119"),
    name: "python-package-missing",
    severity: Severity::Error,
    family: Family::Base,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in &build.stages {
        let Some(image) = build.root_image(stage) else { continue };
        let Some((system, has)) = plain_system(image).and_then(pythons) else { continue };
        check_stage(build, stage, image, system, has, sink);
    }
}

/// The minor versions of Python 3 that are packages of a system.
fn pythons(system: System) -> Option<(&'static str, &'static [u32])> {
    match system {
        System::Ubuntu(20, 4) => Some(("Ubuntu 20.04", &[8, 9])),
        System::Ubuntu(22, 4) => Some(("Ubuntu 22.04", &[10, 11])),
        System::Ubuntu(24, 4) => Some(("Ubuntu 24.04", &[12])),
        System::Debian(11) => Some(("Debian 11", &[9])),
        System::Debian(12) => Some(("Debian 12", &[11])),
        System::Debian(13) => Some(("Debian 13", &[13])),
        _ => None,
    }
}

fn check_stage(build: &Build, stage: &Stage, image: &BaseImage, system: &str, has: &[u32], sink: &mut Sink) {
    for (owner, _, step) in build.steps(stage) {
        if let Action::Run(runs) = &step.action {
            for run in runs {
                if adds_repository(run) {
                    return;
                }
                if owner.index == stage.index {
                    judge(run, image, system, has, sink);
                }
            }
        }
        if unseen::may_bring_programs(build, step) || copies_sources(step) {
            return;
        }
    }
}

/// Whether packages may come from elsewhere from here on.
fn adds_repository(run: &Run) -> bool {
    let mentions = |text: &str| {
        ["apt", "ppa", "sources", ".list", ".deb", "repo"].iter().any(|word| text.contains(word))
    };
    match run.name() {
        "apt-get" | "apt" | "aptitude" => run.args.iter().any(|arg| arg.text.is_none()),
        "add-apt-repository" | "apt-add-repository" | "dpkg" | "extrepo" => true,
        _ => {
            !unseen::is_plain(run)
                || run.args.iter().skip(1).any(|arg| arg.text.as_deref().is_none_or(mentions))
                || run
                    .redirects
                    .iter()
                    .any(|redirect| redirect.target.literal().is_none_or(|target| mentions(&target)))
        }
    }
}

fn copies_sources(step: &crate::dockerfile::Step) -> bool {
    let Action::Copy(copy) = &step.action else { return false };
    copy.target.as_ref().is_none_or(|target| target.text.as_deref().is_none_or(|text| text.contains("/etc")))
}

fn judge(run: &Run, image: &BaseImage, system: &str, has: &[u32], sink: &mut Sink) {
    if run.flow.conditional || run.flow.tolerated {
        return;
    }
    let Some(install) = system::install(run).filter(|install| install.manager == Manager::Apt) else {
        return;
    };
    let missing =
        install.packages.iter().find(|package| minor(package).is_some_and(|minor| !has.contains(&minor)));
    let Some(package) = missing else { return };
    let name = &package.name;
    let finding = sink.report(package.arg.span, format!("{system} has no package `{name}`"));
    finding.also(image.span, format!("its Python is {}", list(has)));
    finding.note(format!("the build will stop with `E: Unable to locate package {name}`"));
    finding.help("use the system's own Python, an official `python` image, `uv python install`, or a repository that has it");
}

/// 11 of `python3.11`, `python3.11-dev` and the like.
fn minor(package: &Package<'_>) -> Option<u32> {
    if package.arg.known().contains(['/', '*']) {
        return None;
    }
    let rest = package.name.strip_prefix("python3.")?;
    let (digits, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    let known = matches!(tail, "" | "-dev" | "-venv" | "-distutils" | "-minimal" | "-full");
    known.then(|| digits.parse().ok())?
}

fn list(minors: &[u32]) -> String {
    minors.iter().map(|minor| format!("3.{minor}")).collect::<Vec<_>>().join(" or ")
}
