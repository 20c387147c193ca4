//! G705: a GPU request that says both how many and which.

use crate::compose::Compose;
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::rules::compose_edits::removal;
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G705"),
    name: "count-and-ids",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for request in context.model.requests() {
        let (Some(count), Some(ids)) = (request.entry("count"), request.entry("device_ids")) else {
            continue;
        };
        let own = request.node.own_entries();
        let finding = sink.report(count.key.place(), "the GPU request has both `count` and `device_ids`");
        finding.also(ids.key.place(), "which GPUs");
        finding
            .note("Docker Compose refuses the file: `\"count\" and \"device_ids\" attributes are exclusive`");
        finding.help("keep `device_ids` to name GPUs, or `count` for any");
        let index = own.iter().position(|entry| entry.key.place() == count.key.place());
        if let Some(span) = index.and_then(|index| removal(&context.file.text, &own, index)) {
            finding.fix(Fix::needs_review("keep `device_ids`", Edit::new(span, "")));
        }
    }
}
