//! G708: one GPU given to several services by its number.

use crate::compose::{Compose, Service};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::yaml::View;
use diag::{Code, Severity};
use std::collections::HashMap;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G708"),
    name: "gpu-shared",
    severity: Severity::Note,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    let mut first: HashMap<&str, (&str, View<'_>)> = HashMap::new();
    let services = context.model.services();
    // Services of profiles may be alternatives that never run together.
    for service in services.iter().filter(|service| service.get("profiles").is_none()) {
        for (name, id) in ids(service) {
            match first.get(name) {
                None => {
                    first.insert(name, (service.name, id));
                }
                Some((owner, place)) if *owner != service.name && place.span() != id.span() => {
                    let text = format!("GPU `{name}` is given to `{owner}` and to `{}`", service.name);
                    let finding = sink.report(id.span(), text);
                    finding.also(place.span(), format!("given to `{owner}` here"));
                    finding.note(
                        "both use it at the same time: nothing divides its memory or its time between them",
                    );
                    finding.help("give each service a GPU of its own, or see that both fit into its memory");
                }
                Some(_) => {}
            }
        }
    }
}

/// The device ids that a service asks for by literal text.
fn ids<'a>(service: &Service<'a>) -> Vec<(&'a str, View<'a>)> {
    let requests = service.requests();
    let lists = requests
        .iter()
        .filter(|request| request.is_for_gpu())
        .filter_map(|request| request.node.get("device_ids"));
    let all = lists.flat_map(|list| list.items());
    all.filter_map(|id| Some((id.text()?, id))).filter(|(text, _)| !text.contains(['$', ','])).collect()
}
