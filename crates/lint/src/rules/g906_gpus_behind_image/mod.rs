//! G906: `--gpus` behind the image, where the program in it gets the option.

use crate::rule::{Check, Context, Family, Rule};
use crate::script::Script;
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G906"),
    name: "gpus-behind-image",
    severity: Severity::Warning,
    family: Family::Surroundings,
    check: Check::Script(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Script>, sink: &mut Sink) {
    for call in context.model.calls.iter().filter(|call| !call.has("--gpus")) {
        let Some(image) = &call.image else { continue };
        // Programs have options of this name too: only docker's own values count.
        let is_docker = |value: &str| value == "all" || value.trim_matches('"').starts_with("device=");
        let found = call.command.iter().enumerate().find(|(at, word)| match word.known() {
            "--gpus" => call.command.get(at + 1).is_some_and(|value| is_docker(value.known())),
            text => text.strip_prefix("--gpus=").is_some_and(is_docker),
        });
        let Some((_, word)) = found else { continue };
        let finding = sink.report(word.span, "this `--gpus` goes to the program in the container");
        finding.also(image.span, "options of docker end at the image");
        finding.note("the container has no GPU, and the program says `unrecognized arguments: --gpus all` or `exec: \"--gpus\": executable file not found in $PATH`");
        finding.help("put it before the image");
    }
}
