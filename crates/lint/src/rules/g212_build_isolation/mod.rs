//! G212: flash-attn built apart from torch.

use crate::commands::base_name;
use crate::commands::pip::{Install, Tool};
use crate::dockerfile::Build;
use crate::dockerfile::Stage;
use crate::facts::base::{plain_system, python_minor};
use crate::facts::channels;
use crate::facts::torch::installs;
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G212"),
    name: "build-isolation",
    severity: Severity::Warning,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

const OPTIONS: &[&str] =
    &["--no-build-isolation", "--no-build-isolation-package", "--only-binary", "--no-build", "--no-deps"];

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    // Switched off by a variable or by the project's own settings.
    if context.file.text.contains("NO_BUILD_ISOLATION")
        || context.file.text.contains("no-build-isolation-package")
    {
        return;
    }
    for stage in &build.stages {
        let mut upgraded = false;
        for (place, install) in installs(build, stage) {
            let isolated = upgraded || isolates(build, stage, &install);
            let found = install
                .requirement("flash-attn")
                .filter(|package| package.url.is_none() && package.origin.is_none());
            if let Some(package) = found
                && isolated
                && !install.has(OPTIONS)
                && !place.run.flow.conditional
                && channels::of(build, place, &install).is_default()
            {
                let finding =
                    sink.report(package.span, "`flash-attn` is built in an environment without torch");
                finding.note("its set-up imports torch: the build will stop with `ModuleNotFoundError: No module named 'torch'`");
                finding.help("install torch first and give `--no-build-isolation`");
                let end = install.verb.span.end;
                let edit = Edit::new(Span::new(end, end), " --no-build-isolation");
                finding.fix(Fix::needs_review("add `--no-build-isolation`", edit));
            }
            upgraded |= install.requirement("pip").is_some_and(|pip| pip.is_free());
        }
    }
}

/// Whether the installer builds every package in an environment of its own: uv does, pip since
/// 23.1; the official images of Python have that from 3.11 on, Ubuntu from 24.04.
fn isolates(build: &Build, stage: &Stage, install: &Install<'_>) -> bool {
    if install.tool == Tool::UvPip {
        return true;
    }
    let program = base_name(install.program);
    let own = install.program.known() == program && matches!(program, "pip" | "pip3" | "python" | "python3");
    let Some(image) = build.root_image(stage).filter(|_| own && install.tool == Tool::Pip) else {
        return false;
    };
    match image.name.hub() {
        Some("python") => python_minor(image).is_some_and(|minor| minor >= 11),
        _ => plain_system(image).is_some_and(|system| system.refuses_pip()),
    }
}
