//! G907: the command `nvidia-docker`, which is no longer installed.

use crate::rule::{Check, Context, Family, Rule};
use crate::script::Script;
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G907"),
    name: "nvidia-docker-command",
    severity: Severity::Warning,
    family: Family::Surroundings,
    check: Check::Script(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Script>, sink: &mut Sink) {
    for call in context.model.calls.iter().filter(|call| call.program.known() == "nvidia-docker") {
        let finding =
            sink.report(call.program.span, "`nvidia-docker` does not come with the toolkit any more");
        finding.note("on a machine of today it ends with `nvidia-docker: command not found`");
        if call.has("--gpus") || call.has("--runtime") {
            finding.help("`docker run` with the same options does it");
        } else {
            finding.help("`docker run --gpus all` does the same");
        }
    }
}
