//! G306: the kernel's business in an instruction of a build.

use crate::commands::{base_name, proper};
use crate::dockerfile::Build;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G306"),
    name: "kernel-module-in-build",
    severity: Severity::Error,
    family: Family::Driver,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in &build.stages {
        for place in build.commands(stage) {
            let [program, rest @ ..] = proper(place.run) else { continue };
            if place.run.flow.conditional || place.run.flow.tolerated {
                continue;
            }
            let module = rest.iter().find(|arg| !arg.known().starts_with('-')).map_or("", |arg| arg.known());
            let loads = match base_name(program) {
                "modprobe" => module.starts_with("nvidia") && !rest.iter().any(|arg| arg.known() == "-r"),
                "insmod" => module.contains("nvidia"),
                _ => false,
            };
            if loads {
                let finding =
                    sink.report(place.run.span, format!("a build cannot load the module `{module}`"));
                finding.note("the build will stop with `modprobe: FATAL: Module nvidia not found in directory /lib/modules/...`");
                finding.help("leave it out: the driver and its modules are the host's");
            }
        }
    }
}
