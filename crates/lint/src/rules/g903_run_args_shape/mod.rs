//! G903: an option and its value in one word of `runArgs`.

use crate::devcontainer::Devcontainer;
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G903"),
    name: "run-args-shape",
    severity: Severity::Error,
    family: Family::Surroundings,
    check: Check::Devcontainer(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Devcontainer>, sink: &mut Sink) {
    for arg in context.model.run_args() {
        let Some((option, value)) = arg.text().and_then(|text| text.split_once(' ')) else { continue };
        let is_name = option
            .strip_prefix("--")
            .is_some_and(|name| name.len() > 1 && name.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        if !is_name || value.trim().is_empty() {
            continue;
        }
        let finding = sink.report(arg.span(), format!("`{option} {value}` is one word for docker"));
        finding.note(format!("the container does not start: `unknown flag: {option} {value}`"));
        finding.help(format!("write `\"{option}\", \"{value}\"`, or `\"{option}={value}\"`"));
        if arg.span().of(&context.file.text) == format!("\"{option} {value}\"") {
            let new = format!("\"{option}\", \"{}\"", value.trim());
            finding.fix(Fix::safe("make it two words", Edit::new(arg.span(), new)));
        }
    }
}
