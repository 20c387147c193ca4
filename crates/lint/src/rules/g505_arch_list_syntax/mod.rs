//! G505: a list of architectures that PyTorch does not understand.

use crate::dockerfile::Build;
use crate::dockerfile::{Action, Set};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::rules::arch_list::{NAME, explain, message, wrong};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G505"),
    name: "arch-list-syntax",
    severity: Severity::Error,
    family: Family::Architecture,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    for stage in &context.model.stages {
        for step in &stage.steps {
            let (Action::Env(sets) | Action::Arg(sets)) = &step.action else { continue };
            sets.iter().filter(|set| set.name == NAME).for_each(|set| judge(set, &context.file.text, sink));
        }
    }
}

fn judge(set: &Set, text: &str, sink: &mut Sink) {
    let Some(value) = set.value.as_deref() else { return };
    let Some((entry, right)) = wrong(value) else { return };
    let finding = sink.report(set.value_span, message(entry));
    explain(finding, entry, &right);
    let written = set.value_span.of(text);
    if written.trim_matches(['"', '\'']) == value {
        let quoted =
            if right.contains(';') || written.starts_with('"') { format!("\"{right}\"") } else { right };
        finding.fix(Fix::safe(format!("write `{quoted}`"), Edit::new(set.value_span, quoted)));
    }
}
