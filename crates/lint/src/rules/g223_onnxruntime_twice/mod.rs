//! G223: both packages of ONNX Runtime over each other.

use crate::dockerfile::Build;
use crate::facts::torch::installs;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
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
        for (place, install) in installs(build, stage) {
            let (Some(gpu), Some(cpu)) =
                (install.requirement("onnxruntime-gpu"), install.requirement("onnxruntime"))
            else {
                continue;
            };
            if place.run.flow.conditional {
                continue;
            }
            let finding =
                sink.report_requirement(cpu, "`onnxruntime` and `onnxruntime-gpu` overwrite each other");
            finding.label("the build for CPUs");
            if gpu.span != cpu.span {
                finding.also(gpu.span, "both are the module `onnxruntime`");
            }
            finding.note("which files stay depends on the order: `Specified provider 'CUDAExecutionProvider' is not in available provider names`");
            finding.help("install `onnxruntime-gpu` alone; it runs on CPUs too");
        }
    }
}
