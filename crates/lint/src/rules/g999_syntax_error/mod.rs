//! G999: what the builder refuses to read.

use crate::dockerfile::Build;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

pub(crate) const RULE: Rule = Rule {
    code: Code::new("G999"),
    name: "syntax-error",
    severity: Severity::Error,
    family: Family::Surroundings,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    if is_template(&context.file.text) {
        return;
    }
    for problem in &context.model.document.problems {
        sink.report(problem.span, problem.message.clone())
            .note(format!("the build will stop with `dockerfile parse error: {}`", problem.message));
    }
}

/// Templates become Dockerfiles only later; another front end may know more instructions.
fn is_template(text: &str) -> bool {
    let other_syntax = text
        .lines()
        .take_while(|line| line.starts_with('#'))
        .any(|line| line.contains("syntax") && line.contains('=') && !line.contains("docker/dockerfile"));
    other_syntax || ["{{", "{%", "<%", "#include", "#if", "INCLUDE+"].iter().any(|mark| text.contains(mark))
}
