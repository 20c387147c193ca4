//! G110: pip on an image without pip.

use crate::commands::{base_name, proper, system};
use crate::dockerfile::{Action, BaseImage, Build, Run, Step};
use crate::facts::base::{is_cuda_repository, plain_system};
use crate::facts::unseen;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G110"),
    name: "no-python-in-base",
    severity: Severity::Error,
    family: Family::Base,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

/// Packages of Python that bring no `pip` program, neither themselves nor by what they recommend.
const WITHOUT_PIP: &[&str] = &[
    "python3",
    "python3-dev",
    "python3-venv",
    "python3-distutils",
    "python3-setuptools",
    "python3-wheel",
    "python-is-python3",
    "python3-numpy",
    "python3-opencv",
    "python3-tk",
];

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let mut reported: Vec<Span> = Vec::new();
    for stage in &build.stages {
        let Some(image) = build.root_image(stage).filter(|image| has_no_pip(image)) else { continue };
        let Some(program) = first_pip(build, build.steps(stage).map(|(_, _, step)| step)) else { continue };
        if !reported.contains(&program.1) {
            reported.push(program.1);
            report(image, &program.0, program.1, sink);
        }
    }
}

/// Images that hold neither Python nor pip.
fn has_no_pip(image: &BaseImage) -> bool {
    (is_cuda_repository(image) || matches!(image.name.hub(), Some("ubuntu" | "debian")))
        && plain_system(image).is_some()
}

/// The first call of pip, if nothing before it can have brought pip.
fn first_pip<'a>(build: &Build, steps: impl Iterator<Item = &'a Step>) -> Option<(String, Span)> {
    // Many packages of the system bring Python along, few bring pip.
    let mut installed = false;
    for step in steps {
        if let Action::Run(runs) = &step.action {
            for run in runs {
                if let Some(found) = calls_pip(run, installed) {
                    return found;
                }
                installed |= system::install(run).is_some();
                if may_bring_pip(run) {
                    return None;
                }
            }
        }
        if unseen::may_bring_programs(build, step) {
            return None;
        }
    }
    None
}

/// `Some(Some(..))`: a call of pip that will not be found; `Some(None)`: one that proves nothing.
fn calls_pip(run: &Run, installed: bool) -> Option<Option<(String, Span)>> {
    let first = proper(run).first()?;
    let name = base_name(first);
    let is_python = matches!(name, "python" | "python3") && !installed;
    if !matches!(name, "pip" | "pip3") && !is_python {
        return None;
    }
    let certain = first.known() == name && !run.flow.conditional && !run.flow.tolerated;
    Some(certain.then(|| (name.to_owned(), first.span)))
}

fn may_bring_pip(run: &Run) -> bool {
    if let Some(install) = system::install(run) {
        let words_known = proper(run).iter().all(|arg| arg.text.is_some());
        return !words_known || install.packages.iter().any(|package| brings_pip(&package.name));
    }
    // `curl ... | sh` shows as a shell that reads a pipe, which is not plain.
    !unseen::is_plain(run)
}

fn brings_pip(name: &str) -> bool {
    if WITHOUT_PIP.contains(&name) {
        return false;
    }
    let python_alone = name.strip_prefix("python3.").is_some_and(|rest| {
        let rest = rest.strip_suffix("-dev").or_else(|| rest.strip_suffix("-venv")).unwrap_or(rest);
        rest.strip_suffix("-distutils").unwrap_or(rest).chars().all(|c| c.is_ascii_digit())
    });
    let suspicious =
        ["python", "pip", "conda", "ros-", "ansible", "meson", "virtualenv", "tox", "aws", ".deb", "*"];
    !python_alone && suspicious.iter().any(|word| name.contains(word))
}

fn report(image: &BaseImage, program: &str, span: Span, sink: &mut Sink) {
    let finding = sink.report(span, format!("there is no `{program}` in this image"));
    finding.label("nothing before this has installed it");
    finding.also(image.span, "holds neither Python nor pip");
    finding.note(format!("the build will stop with `/bin/sh: 1: {program}: not found` (exit code 127)"));
    finding.help("install it first: `apt-get update && apt-get install -y python3-pip`");
}
