//! G801: a GPU in the requests of a container and not in its limits.

use crate::finding::{Edit, Fix};
use crate::kubernetes::{Container, Manifests, is_gpu_resource};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::Span;
use crate::yaml::{Entry, View};
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G801"),
    name: "gpu-only-in-requests",
    severity: Severity::Error,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    let containers = context.model.containers();
    for container in containers.iter().filter(|container| container.object.is_checked()) {
        for request in container.resources("requests") {
            let Some(name) = request.key.text().filter(|name| is_gpu_resource(name)) else { continue };
            if container.amount("limits", name).is_some() {
                continue;
            }
            let finding = sink.report(request.key.place(), format!("`{name}` is requested and not limited"));
            finding.note(
                "the API server refuses the object: `Limit must be set for non overcommitable resources`",
            );
            finding.help("give `limits` the same amount; `requests` may then be left out");
            if let Some(edit) = add_limit(&context.file.text, container, &request) {
                finding.fix(Fix::safe("limit it to the same amount", edit));
            }
        }
    }
}

/// Adds the amount to the limits: below `limits:` when that has entries in block style, else as a
/// block of its own before `requests:`.
fn add_limit(text: &str, container: &Container<'_>, request: &Entry<'_>) -> Option<Edit> {
    let resources = container.node.get("resources").filter(|resources| !resources.is_flow())?;
    let amount = request.value.place().of(text);
    let pair = format!("{}: {amount}", request.key.place().of(text));
    if let Some(limits) = resources.get("limits") {
        let first = limits.own_entries().first()?.key.place();
        return (!limits.is_flow()).then(|| before(text, first, &pair)).flatten();
    }
    let requests = resources.own_entries().into_iter().find(|entry| entry.key.text() == Some("requests"))?;
    let indent = inner_indent(text, &requests.value, requests.key.place())?;
    let own = " ".repeat(column(text, requests.key.place())?);
    let at = Span::new(requests.key.place().start, requests.key.place().start);
    Some(Edit::new(at, format!("limits:\n{indent}{pair}\n{own}")))
}

/// Puts a pair on a line of its own before a key.
fn before(text: &str, key: Span, pair: &str) -> Option<Edit> {
    let indent = " ".repeat(column(text, key)?);
    Some(Edit::new(Span::new(key.start, key.start), format!("{pair}\n{indent}")))
}

/// The indentation of the entries below a key.
fn inner_indent(text: &str, value: &View<'_>, key: Span) -> Option<String> {
    if value.is_flow() {
        return Some(" ".repeat(column(text, key)? + 2));
    }
    let first = value.own_entries().first()?.key.place();
    Some(" ".repeat(column(text, first)?))
}

/// The column of a key when only blanks stand before it.
fn column(text: &str, key: Span) -> Option<usize> {
    let line = text.get(..key.start)?.rfind('\n').map_or(0, |end| end + 1);
    let before = text.get(line..key.start)?;
    before.bytes().all(|byte| byte == b' ').then_some(before.len())
}
