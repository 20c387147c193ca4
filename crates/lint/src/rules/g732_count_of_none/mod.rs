//! G732: a request for zero GPUs.

use crate::compose::Compose;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::yaml::Scalar;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G732"),
    name: "count-of-none",
    severity: Severity::Warning,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for request in context.model.requests() {
        let Some(count) = request.node.get("count") else { continue };
        let is_zero = matches!(count.scalar(), Some(Scalar::Int(0) | Scalar::Text("0")));
        if !is_zero || !request.is_for_gpu() || request.is_foreign() {
            continue;
        }
        let finding = sink.report(count.span(), "`count: 0` asks for no GPU");
        finding.note(
            "it is a number of GPUs, not the name of one: Docker Engine from 27.3 on gives the container none \
             (`NVIDIA_VISIBLE_DEVICES=void`), earlier ones gave it all",
        );
        finding.help("for the first GPU write `device_ids: [\"0\"]`, for any one `count: 1`");
    }
}
