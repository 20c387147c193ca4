//! G116: an image for a newer driver than the one that it will meet.

use crate::dockerfile::Build;
use crate::facts::base::{cuda_base, tag_span};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};
use knowledge::cuda::{Fit, family, fit};
use knowledge::{Numbers, cuda};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G116"),
    name: "driver-too-old",
    severity: Severity::Error,
    family: Family::Base,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let Some(driver) = context.options.driver.as_deref().and_then(Numbers::parse) else { return };
    let Some(target) = build.target.and_then(|target| build.stages.get(target)) else { return };
    let Some(base) = cuda_base(build, target) else { return };
    if fit(base.cuda, &driver) != Some(Fit::TooOld) {
        return;
    }
    let floor =
        family(base.cuda).map_or(cuda::own_driver(base.cuda), |family| Some(family.floor)).unwrap_or("");
    let finding =
        sink.report(tag_span(base.image), format!("CUDA {} does not start on driver {driver}", base.cuda));
    finding.label(format!("needs driver {floor} or newer"));
    finding.note(format!(
        "the container ends with `unsatisfied condition: cuda>={}`, programs with `CUDA driver version is insufficient for CUDA runtime version`",
        base.cuda
    ));
    finding.help(format!("take an image of an older CUDA: `longshore compat --driver {driver}` says which"));
}
