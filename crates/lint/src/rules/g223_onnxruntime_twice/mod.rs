//! G223: both packages of ONNX Runtime over each other.

use crate::commands::pip::Install;
use crate::commands::requirements::Requirement;
use crate::dockerfile::Build;
use crate::facts::torch::installs;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G223"),
    name: "onnxruntime-twice",
    severity: Severity::Warning,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    // Who takes one of them out again knows of the two.
    let is_removal = |line: &str| line.contains("uninstall") && line.contains("onnxruntime");
    if context.file.text.lines().any(is_removal) {
        return;
    }
    for stage in build.stages.iter().filter(|stage| build.is_ancestor_of_target(stage)) {
        let lineage = build.lineage(stage);
        let all = lineage.iter().flat_map(|stage| installs(build, stage));
        let mut gpu: Option<Before> = None;
        for (place, install) in all.filter(|(place, _)| !place.run.flow.conditional) {
            let is_own = place.stage.index == stage.index;
            let cpu = install.requirement("onnxruntime").filter(|_| is_own);
            match (install.requirement("onnxruntime-gpu"), cpu) {
                (Some(gpu), Some(cpu)) => together(gpu, cpu, sink),
                (Some(requirement), None) => gpu = Some(Before::of(&install, requirement)),
                (None, Some(cpu)) => {
                    if let Some(before) = gpu.take_if(|before| before.is_beside(&install)) {
                        after(&before, cpu, sink);
                    }
                }
                (None, None) => {}
            }
        }
    }
}

/// An install of the build for GPUs.
struct Before {
    span: Span,
    program: String,
}

impl Before {
    fn of(install: &Install<'_>, requirement: &Requirement) -> Self {
        let elsewhere = if install.installs_elsewhere() { "" } else { install.program.known() };
        Self { span: requirement.span, program: elsewhere.to_owned() }
    }

    /// Whether another install goes to the same place.
    fn is_beside(&self, install: &Install<'_>) -> bool {
        !self.program.is_empty() && self.program == install.program.known() && !install.installs_elsewhere()
    }
}

fn together(gpu: &Requirement, cpu: &Requirement, sink: &mut Sink) {
    let finding = sink.report_requirement(cpu, "`onnxruntime` and `onnxruntime-gpu` overwrite each other");
    finding.label("the build for CPUs");
    if gpu.span != cpu.span {
        finding.also(gpu.span, "both are the module `onnxruntime`");
    }
    finding.note("which files stay depends on the order: `Specified provider 'CUDAExecutionProvider' is not in available provider names`");
    finding.help("install `onnxruntime-gpu` alone; it runs on CPUs too");
}

fn after(gpu: &Before, cpu: &Requirement, sink: &mut Sink) {
    let finding = sink.report_requirement(cpu, "`onnxruntime` overwrites `onnxruntime-gpu`");
    finding.label("the build for CPUs");
    finding.also(gpu.span, "both are the module `onnxruntime`");
    finding.note("the files of the later one stay: `Specified provider 'CUDAExecutionProvider' is not in available provider names`");
    finding.help("leave this one out: `onnxruntime-gpu` runs on CPUs too");
}
