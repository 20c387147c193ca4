//! G704: a GPU request that does not say how many or which.

use crate::compose::Compose;
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G704"),
    name: "neither-count-nor-ids",
    severity: Severity::Warning,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for request in context.model.requests() {
        let says = |key| request.entry(key).is_some();
        if !request.node.is_mapping() || says("count") || says("device_ids") {
            continue;
        }
        // What is refused for another reason says it in other words, or in another item.
        if !request.unknown_keys().is_empty() || request.pieces().is_some() {
            continue;
        }
        if request.is_foreign() || !request.is_for_gpu() {
            continue;
        }
        let Some(first) = request.node.own_entries().first().copied() else { continue };
        let finding = sink.report(first.key.place(), "the GPU request has neither `count` nor `device_ids`");
        finding.note(
            "Docker Compose before 2.30 passes it on as zero GPUs, and Docker Engine from 27.3 on then starts the \
             container without any (`NVIDIA_VISIBLE_DEVICES=void`); newer Compose takes it as `count: all`",
        );
        finding.help("say `count: all`, a number, or `device_ids`");
        if let Some((at, separator)) = request.insertion(&context.file.text) {
            let edit = Edit::new(at, format!("count: all{separator}"));
            finding.fix(Fix::safe("ask for all GPUs, as newer Compose takes it", edit));
        }
    }
}
