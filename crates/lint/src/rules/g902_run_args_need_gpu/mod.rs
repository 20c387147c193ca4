//! G902: a devcontainer with `--gpus`, which needs the toolkit on every machine.

use crate::devcontainer::Devcontainer;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G902"),
    name: "run-args-need-gpu",
    severity: Severity::Note,
    family: Family::Surroundings,
    check: Check::Devcontainer(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Devcontainer>, sink: &mut Sink) {
    if context.model.get(&["dockerComposeFile"]).is_some() {
        return;
    }
    for arg in context.model.run_args() {
        let Some(text) = arg.text() else { continue };
        if text == "--gpus" || text.starts_with("--gpus=") {
            let finding = sink.report(arg.span(), "the container does not start on a machine without a GPU");
            finding
                .note("there it ends with `could not select device driver \"\" with capabilities: [[gpu]]`");
            finding
                .help("`\"hostRequirements\": {\"gpu\": \"optional\"}` adds `--gpus all` where there is one");
            return;
        }
    }
}
