//! G216: the conda channel of PyTorch, which has ended.

use crate::commands::conda::{self, Package};
use crate::dockerfile::Build;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G216"),
    name: "conda-pytorch-channel",
    severity: Severity::Warning,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in &build.stages {
        for place in build.commands(stage) {
            let Some(install) = conda::install(place.run) else { continue };
            let Some(channel) = install.channels.iter().find(|channel| channel.known() == "pytorch") else {
                continue;
            };
            let Some(package) = install.packages.iter().find(|package| is_open(package)) else { continue };
            let finding = sink.report(package.arg.span, "the channel `pytorch` stays at 2.5.1");
            finding.also(channel.span, "ended with PyTorch 2.5");
            finding.note("what is newer comes from another channel, or not at all: `PackagesNotFoundError: The following packages are not available from current channels`");
            finding
                .help("take PyTorch from `conda-forge`, or its wheels with pip; pin 2.5.1 or older to stay");
        }
    }
}

/// PyTorch without a version, or newer than the channel has.
fn is_open(package: &Package<'_>) -> bool {
    if package.name != "pytorch" {
        return false;
    }
    let bare = package.specifier.trim_start_matches(['=', '>', '<', '~', '!', ' ']);
    let mut numbers = bare.split('.').map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) => (major, minor) > (2, 5) && !package.specifier.contains('<'),
        (Some(_), None) => false,
        _ => package.specifier.is_empty(),
    }
}
