//! G701: a Compose file with a top-level `version`.

use crate::compose::Compose;
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::rules::compose_edits::removal;
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G701"),
    name: "version-obsolete",
    severity: Severity::Note,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    let Some(top) = context.model.top().filter(|top| top.get("services").is_some()) else { return };
    let own = top.own_entries();
    let Some(index) = own.iter().position(|entry| entry.key.text() == Some("version")) else { return };
    let entry = own[index];
    let finding = sink.report(entry.key.span(), "the attribute `version` is obsolete");
    finding.note(
        "Docker Compose says: the attribute `version` is obsolete, it will be ignored, please remove it to avoid \
         potential confusion",
    );
    if let Some(span) = removal(&context.file.text, &own, index) {
        finding.fix(Fix::safe("remove it", Edit::new(span, "")));
    }
}
