//! G905: ids of GPUs that docker takes apart at the comma.

use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::script::Script;
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G905"),
    name: "gpu-ids-unquoted",
    severity: Severity::Error,
    family: Family::Surroundings,
    check: Check::Script(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Script>, sink: &mut Sink) {
    for call in context.model.calls.iter().filter(|call| call.program.known() == "docker") {
        for value in call.values("--gpus") {
            let Some(ids) = value.known().strip_prefix("device=") else { continue };
            let rest: Vec<&str> = ids.split(',').skip(1).collect();
            // Further fields may be options of their own.
            if rest.is_empty() || rest.iter().any(|field| field.contains('=') || field.is_empty()) {
                continue;
            }
            let finding = sink.report(value.span, format!("docker takes `device={ids}` apart at its commas"));
            finding.label(format!("the id `{}` and {}", ids.split(',').next().unwrap_or(""), fields(&rest)));
            finding.note(
                "it ends with `cannot set both Count and DeviceIDs on device request`, or `invalid count`",
            );
            finding.help(format!("the value needs quotes that reach docker: `--gpus '\"device={ids}\"'`"));
            let written = value.span.of(&context.file.text);
            if written.trim_matches(['"', '\'']) == format!("device={ids}") {
                finding.fix(Fix::safe(
                    "quote it for docker",
                    Edit::new(value.span, format!("'\"device={ids}\"'")),
                ));
            } else if written.trim_matches(['"', '\'']) == format!("--gpus=device={ids}") {
                let new = format!("--gpus='\"device={ids}\"'");
                finding.fix(Fix::safe("quote it for docker", Edit::new(value.span, new)));
            }
        }
    }
}

fn fields(rest: &[&str]) -> String {
    let shown: Vec<String> = rest.iter().map(|field| format!("`{field}`")).collect();
    format!("the count {}", shown.join(", "))
}
