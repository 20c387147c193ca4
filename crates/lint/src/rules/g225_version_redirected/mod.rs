//! G225: a version whose `>` the shell takes as a redirection.

use crate::commands::pip;
use crate::dockerfile::Build;
use crate::dockerfile::Run;
use crate::finding::{Applicability, Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::shell::Redirect;
use crate::sink::Sink;
use crate::text::Span;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G225"),
    name: "version-redirected",
    severity: Severity::Warning,
    family: Family::Packages,
    check: Check::Dockerfile(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Build>, sink: &mut Sink) {
    let build = context.model;
    let text = context.file.text.as_str();
    for stage in &build.stages {
        for place in build.commands(stage) {
            if pip::install(place.run).is_some() {
                report(place.run, text, sink);
            }
        }
    }
}

/// One finding for a command, however many of its versions are lost.
fn report(run: &Run, text: &str, sink: &mut Sink) {
    let lost: Vec<(Span, &Redirect)> =
        run.redirects.iter().filter_map(|redirect| Some((word_before(run, redirect)?, redirect))).collect();
    let Some((word, first)) = lost.first() else { return };
    let finding = sink
        .report(word.to(first.span), format!("the shell takes `{}` as a redirection", first.span.of(text)));
    finding.label(format!("asks for `{}` of any version", word.of(text)));
    for (word, redirect) in lost.iter().skip(1) {
        finding.also(word.to(redirect.span), "and here");
    }
    finding.note(format!(
        "pip sees no version, and what it says goes to a file named `{}`",
        first.target.literal().unwrap_or_default()
    ));
    finding.help("put the requirement into quotes");
    let spans: Vec<Span> = lost.iter().map(|(word, redirect)| word.to(redirect.span)).collect();
    if spans.iter().all(|span| !span.of(text).contains(['"', '\''])) {
        let quote = |at: usize| Edit::new(Span::new(at, at), "\"");
        let edits = spans.iter().flat_map(|span| [quote(span.start), quote(span.end)]).collect();
        let title = "put it into quotes".to_owned();
        finding.fix(Fix { title, edits, applicability: Applicability::Unsafe });
    }
}

/// The word of which a redirection takes the version: `torch>=2.0` is the word `torch` and a
/// redirection into the file `=2.0`.
fn word_before(run: &Run, redirect: &Redirect) -> Option<Span> {
    let takes_version = redirect.operator == ">" && redirect.target.literal_start().starts_with('=');
    let word = run.args.iter().find(|arg| arg.span.end == redirect.span.start)?;
    takes_version.then_some(word.span)
}
