//! G209: the package `tensorflow-gpu`, which is gone.

use crate::commands::pip::{Install, Tool};
use crate::commands::requirements::Requirement;
use crate::dockerfile::Build;
use crate::dockerfile::Stage;
use crate::facts::channels;
use crate::facts::torch::{installs, python_of};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G209"),
    name: "tensorflow-gpu-package",
    severity: Severity::Error,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

const OLD: &str = "tensorflow-gpu";

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in &build.stages {
        for (place, install) in installs(build, stage) {
            let Some(package) = install.requirement(OLD).filter(|package| package.url.is_none()) else {
                continue;
            };
            let default = channels::of(build, place, &install).is_default();
            if !default
                || place.run.flow.conditional
                || place.run.flow.tolerated
                || install.tool == Tool::UvAdd
            {
                continue;
            }
            if let Some(why) = fails(build, stage, &install, package) {
                report(package, &why, sink);
            }
        }
    }
}

/// Why the install stops; `None`: it may not.
fn fails(build: &Build, stage: &Stage, install: &Install<'_>, package: &Requirement) -> Option<String> {
    let python = python_of(build, stage, install);
    if let Some(version) = package.pinned() {
        let (major, minor) = numbers(version)?;
        if (major, minor) == (2, 12) {
            return Some("release 2.12 holds nothing but an error message".into());
        }
        let last = last_python(major, minor)?;
        return python
            .filter(|python| *python > last)
            .map(|python| format!("its wheels end with Python 3.{last}, and this is 3.{python}"));
    }
    // With an older Python an older pip may fall back to an older release.
    (package.specifier.is_empty() && python.is_some_and(|python| python >= 11))
        .then(|| "the newest release, 2.12, holds nothing but an error message".into())
}

fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The last Python 3 with wheels of a release.
const fn last_python(major: u32, minor: u32) -> Option<u32> {
    match (major, minor) {
        (1, 14 | 15) => Some(7),
        (2, 2..=4) => Some(8),
        (2, 5..=7) => Some(9),
        (2, 8..=11) => Some(10),
        _ => None,
    }
}

fn report(package: &Requirement, why: &str, sink: &mut Sink) {
    let finding = sink.report_requirement(package, "this `tensorflow-gpu` cannot be installed");
    finding.label(why);
    let error = if package.specifier.is_empty() {
        "The \"tensorflow-gpu\" package has been removed!".to_owned()
    } else {
        format!("ERROR: No matching distribution found for {OLD}{}", package.specifier)
    };
    finding.note(format!("the build will stop with `{error}`"));
    finding.help("since 2.1 the package `tensorflow` is for GPUs too; `tensorflow[and-cuda]` brings the CUDA libraries along");
    if package.exact && package.specifier.is_empty() {
        finding.fix(Fix::safe("install `tensorflow`", Edit::new(package.span, "tensorflow")));
    }
}
