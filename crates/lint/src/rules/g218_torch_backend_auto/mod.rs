//! G218: a backend of torch chosen by a GPU that a build does not have.

use crate::commands::pip::value_of;
use crate::dockerfile::Build;
use crate::facts::torch::{FAMILY, installs};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G218"),
    name: "torch-backend-auto",
    severity: Severity::Warning,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

const NAME: &str = "UV_TORCH_BACKEND";

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    for stage in build.stages.iter().filter(|stage| build.is_ancestor_of_target(stage)) {
        for (place, install) in installs(build, stage) {
            let torch = install.requirements.iter().find(|row| FAMILY.contains(&row.name.as_str()));
            let option = install.torch_backend.filter(|arg| value_of(arg) == "auto").map(|arg| arg.span);
            let set =
                build.variable(place.stage, place.step, NAME).filter(|_| install.torch_backend.is_none());
            let by_variable =
                set.filter(|set| set.value.as_deref() == Some("auto")).map(|set| set.value_span);
            let instruction = place.stage.steps.get(place.step).and_then(|step| build.instruction(step));
            let has_device = instruction.is_some_and(|instruction| instruction.flag("device").is_some());
            if let (Some(torch), Some(span), false) = (torch, option.or(by_variable), has_device) {
                report(torch.span, span, sink);
            }
        }
    }
}

fn report(torch: Span, span: Span, sink: &mut Sink) {
    let finding = sink.report(span, "`auto` looks for a GPU, and a build has none");
    finding.also(torch, "the build for CPUs will be installed");
    finding.note("in the image `torch.cuda.is_available()` is false: `AssertionError: Torch not compiled with CUDA enabled`");
    finding.help("name the backend, for example `cu128`");
}
