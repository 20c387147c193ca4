//! G302: a package of CUDA that pulls the driver in.

use crate::commands::system::{self, Manager, Package};
use crate::dockerfile::Build;
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G302"),
    name: "cuda-metapackage",
    severity: Severity::Error,
    family: Family::Driver,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in build.stages.iter().filter(|stage| build.is_ancestor_of_target(stage)) {
        for place in build.commands(stage) {
            let Some(install) = system::install(place.run) else { continue };
            if !matches!(install.manager, Manager::Apt | Manager::Dnf | Manager::Zypper) {
                continue;
            }
            for package in &install.packages {
                if let Some(instead) = instead(&package.name) {
                    report(package, &instead, sink);
                }
            }
        }
    }
}

/// The package with the same programs or libraries and without the driver.
fn instead(name: &str) -> Option<String> {
    if name == "cuda" {
        return Some("cuda-toolkit".into());
    }
    if name == "cuda-runtime" {
        return Some("cuda-libraries".into());
    }
    let (start, version) =
        name.split_once(|c: char| c.is_ascii_digit()).map(|(start, _)| name.split_at(start.len()))?;
    let numbered = version.split('-').count() == 2
        && version.split('-').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()));
    match start {
        "cuda-" if numbered => Some(format!("cuda-toolkit-{version}")),
        "cuda-runtime-" if numbered => Some(format!("cuda-libraries-{version}")),
        _ => None,
    }
}

fn report(package: &Package<'_>, instead: &str, sink: &mut Sink) {
    let name = &package.name;
    let span = package.arg.span;
    let finding = sink.report(span, format!("`{name}` pulls the driver into the image"));
    finding.label("depends on `cuda-drivers`");
    finding.note("the container gets the host's driver at start; a second one in the image meets it: `Failed to initialize NVML: Driver/library version mismatch`");
    finding.help(format!("`{instead}` has the same without the driver"));
    if package.arg.exact {
        let edit = Edit::new(Span::new(span.start, span.start + name.len()), instead);
        finding.fix(Fix::safe(format!("install `{instead}`"), edit));
    }
}
