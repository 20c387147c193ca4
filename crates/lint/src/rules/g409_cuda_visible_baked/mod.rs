//! G409: a choice of GPUs that is built into an image.

use crate::dockerfile::Build;
use crate::facts::base::cuda_base;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G409"),
    name: "cuda-visible-baked",
    severity: Severity::Warning,
    family: Family::Environment,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

const NAME: &str = "CUDA_VISIBLE_DEVICES";

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let Some(target) = build.target.and_then(|target| build.stages.get(target)) else { return };
    let Some(set) = build.env(target, usize::MAX, NAME) else { return };
    let Some(value) = set.value.as_deref() else { return };
    let chosen = value.split(',').all(|id| !id.is_empty() && id.chars().all(|c| c.is_ascii_digit()));
    let hides = matches!(value, "" | "-1") && cuda_base(build, target).is_some();
    if !chosen && !hides {
        return;
    }
    let finding = if hides {
        let finding = sink.report(set.span, "every container of this image is without GPUs");
        finding.note("programs end with `No CUDA GPUs are available`");
        finding
    } else {
        let count = value.split(',').count();
        let which = if count == 1 { "one GPU".to_owned() } else { format!("{count} GPUs") };
        let finding = sink
            .report(set.span, format!("every container of this image uses {which}, whatever it is given"));
        finding.note("a container that is given others, or fewer, ends with `No CUDA GPUs are available`");
        finding
    };
    finding.help("leave it to the one who starts the container: `--gpus`, or `-e CUDA_VISIBLE_DEVICES=...`");
}
