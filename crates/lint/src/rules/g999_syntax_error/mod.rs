//! G999: what the builder refuses to read.

use crate::dockerfile::{Build, Instruction, Keyword, UNTERMINATED};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::text::{Lines, in_view};
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
    let text = &context.file.text;
    if is_template(text) {
        return;
    }
    let document = &context.model.document;
    let read = document.problems.iter().map(|problem| (problem.span, problem.message.clone()));
    let counted = document.instructions.iter().filter_map(|one| Some((one.span, miscounted(one)?)));
    // The builder stops at the first.
    let Some((span, message)) = read.chain(counted).min_by_key(|(span, _)| span.start) else { return };
    let said = if message == UNTERMINATED {
        message.clone()
    } else {
        format!("dockerfile parse error on line {}: {message}", Lines::of(text).line(span.start))
    };
    sink.report(span, message).note(format!("the build will stop with `{said}`"));
}

/// What the builder says of an instruction with too few or too many words.
fn miscounted(instruction: &Instruction) -> Option<String> {
    let words = instruction
        .json
        .as_ref()
        .map_or_else(|| instruction.body.text().split_whitespace().count(), |words| words.len());
    match instruction.keyword {
        Keyword::Copy if words < 2 => Some(too_few("COPY")),
        Keyword::Add if words < 2 => Some(too_few("ADD")),
        Keyword::From if words != 1 && !is_named(instruction) => {
            Some("FROM requires either one or three arguments".to_owned())
        }
        _ => None,
    }
}

/// `FROM image AS name`.
fn is_named(from: &Instruction) -> bool {
    let words: Vec<&str> = from.body.text().split_whitespace().collect();
    matches!(words.as_slice(), [_, word, _] if word.eq_ignore_ascii_case("as"))
}

fn too_few(keyword: &str) -> String {
    format!(
        "{keyword} requires at least two arguments, but only one was provided. Destination could not be determined"
    )
}

/// Templates become Dockerfiles only later; another front end may know more instructions.
fn is_template(text: &str) -> bool {
    let other_syntax = in_view(text)
        .lines()
        .take_while(|line| line.starts_with('#'))
        .any(|line| line.contains("syntax") && line.contains('=') && !line.contains("docker/dockerfile"));
    other_syntax || ["{{", "{%", "<%", "#include", "#if", "INCLUDE+"].iter().any(|mark| text.contains(mark))
}
