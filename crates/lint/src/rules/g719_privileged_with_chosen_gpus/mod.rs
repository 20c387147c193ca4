//! G719: a service that names its GPUs and is privileged, which shows it all.

use crate::compose::{Compose, Request};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::yaml::Scalar;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G719"),
    name: "privileged-with-chosen-gpus",
    severity: Severity::Warning,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for service in context.model.services() {
        let Some(privileged) = service.node.entry("privileged") else { continue };
        if privileged.value.scalar() != Some(Scalar::Bool(true)) {
            continue;
        }
        let Some(request) = service.requests().into_iter().find(chooses) else { continue };
        let finding = sink.report(privileged.key.place(), "a privileged service sees all GPUs");
        finding.also(request.node.place(), "these are chosen in vain");
        finding.note("the engine gives a privileged container every device node of the host, also those of the other GPUs");
        finding.help("leave `privileged` out: a GPU does not need it");
    }
}

/// Whether a request asks for some GPUs only.
fn chooses(request: &Request<'_>) -> bool {
    let ids = request.node.get("device_ids").map(|ids| ids.items()).unwrap_or_default();
    let some = |id: &crate::yaml::View<'_>| {
        id.text().is_some_and(|text| text != "all" && !text.ends_with("=all") && !text.contains('$'))
    };
    request.is_for_gpu()
        && ((!ids.is_empty() && ids.iter().all(some))
            || matches!(request.node.get("count").and_then(|count| count.scalar()), Some(Scalar::Int(_))))
}
