//! G207: another torch over the one that the image brings.

use crate::commands::pip::Tool;
use crate::dockerfile::BaseImage;
use crate::dockerfile::Build;
use crate::facts::torch::installs;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G207"),
    name: "torch-reinstalled",
    severity: Severity::Warning,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in build.stages.iter().filter(|stage| build.is_ancestor_of_target(stage)) {
        let Some(image) = build.root_image(stage) else { continue };
        let Some(own) = own_version(image) else { continue };
        for (place, install) in installs(build, stage) {
            let Some(torch) = install.requirement("torch") else { continue };
            let Some(version) = torch.pinned() else { continue };
            let public = version.split('+').next().unwrap_or(version);
            if public == own
                || place.run.flow.conditional
                || install.tool != Tool::Pip
                || install.installs_elsewhere()
            {
                continue;
            }
            let finding = sink
                .report_requirement(torch, format!("torch {version} replaces the torch {own} of the image"));
            finding.also(image.span, format!("brings torch {own}"));
            finding.note("the old one stays in the layers below (several GB), and what the image compiled against it stops with `undefined symbol`");
            finding
                .help(format!("take an image of the release that has torch {public}, or one without torch"));
            return;
        }
    }
}

/// The torch of `pytorch/pytorch:2.1.0-cuda12.1-cudnn8-runtime`.
fn own_version(image: &BaseImage) -> Option<&str> {
    let tag = image.name.tag.as_deref().filter(|_| image.name.hub() == Some("pytorch/pytorch"))?;
    let version = tag.split('-').next()?;
    let numbers = version.split('.').count() == 3 && version.chars().all(|c| c.is_ascii_digit() || c == '.');
    numbers.then_some(version)
}
