//! G901: a devcontainer that only starts where there is a GPU.

use crate::devcontainer::Devcontainer;
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::yaml::Scalar;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G901"),
    name: "host-needs-gpu",
    severity: Severity::Note,
    family: Family::Surroundings,
    check: Check::Devcontainer(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Devcontainer>, sink: &mut Sink) {
    let Some(gpu) = context.model.get(&["hostRequirements", "gpu"]) else { return };
    if gpu.scalar() != Some(Scalar::Bool(true)) {
        return;
    }
    let finding = sink.report(gpu.span(), "the devcontainer asks for a GPU on every machine");
    finding.note("people without one cannot open it, and services in the cloud refuse: `requires a GPU`");
    finding.help("`\"optional\"` takes a GPU where there is one");
    finding.fix(Fix::needs_review("make it optional", Edit::new(gpu.span(), "\"optional\"")));
}
