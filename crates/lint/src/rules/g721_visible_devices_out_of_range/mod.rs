//! G721: CUDA_VISIBLE_DEVICES that names GPUs by numbers which the container does not have.

use crate::compose::{Compose, Service};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G721"),
    name: "visible-devices-out-of-range",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for service in context.model.services() {
        let Some((place, Some(value))) = service.environment("CUDA_VISIBLE_DEVICES") else { continue };
        let Some(have) = only_request(&service) else { continue };
        let ids: Option<Vec<usize>> = value.split(',').map(|id| id.trim().parse().ok()).collect();
        let Some(ids) = ids.filter(|ids| !ids.is_empty()) else { continue };
        let Some(first) = ids.iter().position(|id| *id >= have) else { continue };
        let id = ids[first];
        let gpus = if have == 1 {
            "one GPU, number 0".to_owned()
        } else {
            format!("{have} GPUs, numbers 0 to {}", have - 1)
        };
        let finding = sink
            .report(place.span(), format!("the container has {gpus}, and CUDA is told to use number {id}"));
        finding
            .note("inside a container GPUs are counted from 0 again, whatever their numbers on the host are");
        if first == 0 {
            finding.note("CUDA then finds no GPU: `No CUDA GPUs are available`");
        } else {
            finding.severity(Severity::Warning);
            finding.note("CUDA stops at the first number that does not exist, and uses those before it only");
        }
        finding.help("leave CUDA_VISIBLE_DEVICES out: the request already chooses the GPUs");
    }
}

/// How many GPUs the container has, when exactly one request decides it.
fn only_request(service: &Service<'_>) -> Option<usize> {
    let elsewhere = |part: &Service<'_>| !part.requests().is_empty() || part.get("runtime").is_some();
    let whole = service.whole();
    if service.is_partial()
        || service.parts().iter().skip(1).any(elsewhere)
        || ["privileged", "runtime", "devices"].iter().any(|key| whole.get(key).is_some())
    {
        return None;
    }
    let requests = whole.requests();
    let [request] = requests.as_slice() else { return None };
    let counted = request.is_for_gpu() && !request.is_foreign();
    let fixed = match request.node.get("count") {
        Some(count) => count.text().is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit())),
        None => request.node.get("device_ids").is_some_and(|ids| {
            ids.items()
                .iter()
                .all(|id| id.text().is_some_and(|text| !text.contains(['$', ',', '=']) && text != "all"))
        }),
    };
    (counted && fixed).then(|| request.least()).flatten().filter(|count| *count > 0)
}
