//! G505: a list of architectures that PyTorch does not understand.

use crate::dockerfile::Build;
use crate::dockerfile::{Action, Set};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
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

const NAME: &str = "TORCH_CUDA_ARCH_LIST";

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
    let entries: Vec<&str> = value.split([';', ' ', ',']).filter(|entry| !entry.is_empty()).collect();
    let Some(wrong) = entries.iter().find(|entry| corrected(entry).is_some()) else { return };
    let finding = sink.report(set.value_span, format!("PyTorch does not know the architecture `{wrong}`"));
    finding
        .note(format!("extensions stop with `ValueError: Unknown CUDA arch ({wrong}) or GPU not supported`"));
    let right: Vec<String> =
        entries.iter().map(|entry| corrected(entry).unwrap_or_else(|| (*entry).to_owned())).collect();
    let right = right.join(";");
    finding.help(format!("architectures are written as `{right}`"));
    let written = set.value_span.of(text);
    if written.trim_matches(['"', '\'']) == value {
        let quoted =
            if right.contains(';') || written.starts_with('"') { format!("\"{right}\"") } else { right };
        finding.fix(Fix::safe(format!("write `{quoted}`"), Edit::new(set.value_span, quoted)));
    }
}

/// `8.9` for `sm_89`, `compute_89` and `89`; `None` for what is right, or not known.
fn corrected(entry: &str) -> Option<String> {
    let (bare, ptx) = entry.strip_suffix("+PTX").map_or((entry, ""), |bare| (bare, "+PTX"));
    let digits = bare.strip_prefix("sm_").or_else(|| bare.strip_prefix("compute_")).unwrap_or(bare);
    let number = digits.trim_end_matches(['a', 'f']);
    let is_number = matches!(number.len(), 2 | 3) && number.chars().all(|c| c.is_ascii_digit());
    if !is_number || digits.contains('.') {
        return None;
    }
    let (major, minor) = digits.split_at(number.len() - 1);
    Some(format!("{major}.{minor}{ptx}"))
}
