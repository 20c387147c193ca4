//! G733: a build argument with a list of architectures that PyTorch does not understand.

use crate::compose::{Compose, interpolate};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::rules::arch_list::{NAME, explain, message, wrong};
use crate::sink::Sink;
use crate::yaml::View;
use diag::{Code, Severity};
use std::collections::HashSet;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G733"),
    name: "build-arg-arch-list",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    let mut seen = HashSet::new();
    for service in context.model.services() {
        let args = service.get("build").and_then(|build| build.get("args"));
        let Some((view, value)) = args.and_then(argument) else { continue };
        let Some(list) = interpolate(value) else { continue };
        let Some((entry, right)) = wrong(&list).filter(|_| seen.insert(view.span())) else { continue };
        let finding = sink.report(view.span(), message(entry));
        explain(finding, entry, &right);
        let written = view.span().of(&context.file.text);
        if written.matches(&list).count() == 1 && view.span() == view.place() {
            // An item of a list is a text already; a number of its own would become one of YAML.
            let is_item = written.contains('=') || written.starts_with(['"', '\'']);
            let right = if is_item { right } else { format!("\"{right}\"") };
            let new = written.replacen(&list, &right, 1);
            finding.fix(Fix::safe("write the numbers with a dot", Edit::new(view.span(), new)));
        }
    }
}

/// The argument in both forms that Compose has.
fn argument(args: View<'_>) -> Option<(View<'_>, &str)> {
    if let Some(value) = args.get(NAME) {
        return Some((value, value.text()?));
    }
    args.items().into_iter().find_map(|item| {
        let (name, value) = item.text()?.split_once('=')?;
        (name == NAME).then_some((item, value))
    })
}
