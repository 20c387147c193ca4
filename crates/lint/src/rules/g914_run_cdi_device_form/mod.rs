//! G914: a CDI device of a call whose name is none.

use crate::finding::{Edit, Finding, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::script::Script;
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G914"),
    name: "run-cdi-device-form",
    severity: Severity::Error,
    family: Family::Surroundings,
    check: Check::Script(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Script>, sink: &mut Sink) {
    for call in &context.model.calls {
        for device in call.values("--device") {
            let Some(rest) = device.known().strip_prefix("nvidia.com/") else { continue };
            if rest.contains(['=', '$', '<']) || rest.is_empty() {
                continue;
            }
            let finding = sink.report(device.span, "this is no name of a CDI device, and is taken as a path");
            finding.note(if call.program.known() == "podman" {
                format!("podman says: `stat {}: no such file or directory`", device.known())
            } else {
                "docker says: `error gathering device information while adding custom device`".to_owned()
            });
            finding
                .help("a CDI device is `nvidia.com/gpu=all`, `nvidia.com/gpu=0` or `nvidia.com/gpu=GPU-...`");
            fix(finding, rest, device.span, &context.file.text);
        }
    }
}

/// `gpu=all` for `gpu:all`.
fn fix(finding: &mut Finding, rest: &str, span: Span, text: &str) {
    let written = span.of(text);
    let name = rest.strip_prefix("gpu:").filter(|name| !name.is_empty() && !name.contains(':'));
    if let Some(name) = name.filter(|_| written.matches("gpu:").count() == 1) {
        let edit = Edit::new(span, written.replacen("gpu:", "gpu=", 1));
        finding.fix(Fix::safe(format!("name the device `{name}`"), edit));
    }
}
