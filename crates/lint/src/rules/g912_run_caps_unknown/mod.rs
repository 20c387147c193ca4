//! G912: a call that asks for a driver capability that does not exist.

use crate::rule::{Check, Context, Family, Rule};
use crate::rules::driver_capabilities::{NAME, explain, message, unknown};
use crate::script::Script;
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G912"),
    name: "run-caps-unknown",
    severity: Severity::Error,
    family: Family::Surroundings,
    check: Check::Script(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Script>, sink: &mut Sink) {
    for call in &context.model.calls {
        for word in call.values("-e").chain(call.values("--env")) {
            let Some((_, value)) = word.known().split_once('=').filter(|(name, _)| *name == NAME) else {
                continue;
            };
            let Some(unknown) = unknown(value) else { continue };
            let finding = sink.report(word.span, message(unknown));
            explain(finding, &context.file.text, word.span, value, unknown);
        }
    }
}
