//! Ignore comments: `# longshore: ignore[G205] reason`, `# longshore: ignore-file[G205,G301]`.
//!
//! An `ignore` holds for the line that it ends or, when it stands alone, for the next line that is
//! neither comment nor blank; in a Dockerfile for the whole instruction that begins there. Codes
//! must be named. A comment that ignores nothing is reported (G990), and so is a code that does not
//! exist (G991).

use crate::dockerfile;
use crate::file::{File, Kind};
use crate::finding::{Edit, Finding, Fix};
use crate::rule::Rule;
use crate::rules;
use crate::sink::Sink;
use crate::text::{Lines, Span, in_view};

const MARK: &str = "longshore: ignore";

/// More comments than people write in a file.
const MOST: usize = 1000;

/// One comment.
struct Ignore<'a> {
    /// The codes or names, with their places.
    words: Vec<(&'a str, Span)>,
    /// Bytes for which it holds.
    scope: Span,
    /// The comment from its `#`.
    span: Span,
}

/// Takes out what comments ignore and adds what is to be said about the comments; `selected` tells
/// which rules were run.
#[must_use]
pub(crate) fn apply(
    file: &File,
    kind: Kind,
    mut findings: Vec<Finding>,
    selected: &dyn Fn(&Rule) -> bool,
) -> Vec<Finding> {
    if !file.text.contains(MARK) {
        return findings;
    }
    let mut said = Vec::new();
    for ignore in ignores(file, kind) {
        let before = findings.len();
        findings.retain(|finding| !holds(&ignore, finding));
        let unknown = ignore.words.iter().filter(|(word, _)| rules::find(word).is_none());
        said.extend(unknown.map(|(word, span)| unknown_rule(word, *span)));
        let all_run = ignore.words.iter().all(|(word, _)| rules::find(word).is_some_and(selected));
        if findings.len() == before && all_run {
            said.push(unused(file, &ignore));
        }
    }
    let wanted = |code: &str| rules::find(code).is_some_and(selected);
    said.retain(|finding| wanted(finding.code.as_str()));
    findings.extend(said);
    findings
}

fn holds(ignore: &Ignore<'_>, finding: &Finding) -> bool {
    let place = finding.primary.span.start;
    ignore.scope.start <= place
        && place <= ignore.scope.end
        && ignore.words.iter().any(|(word, _)| {
            word.eq_ignore_ascii_case(finding.code.as_str()) || word.eq_ignore_ascii_case(finding.name)
        })
}

fn ignores(file: &File, kind: Kind) -> Vec<Ignore<'_>> {
    let text = file.text.as_str();
    let lines = Lines::of(text);
    let document = (kind == Kind::Dockerfile).then(|| dockerfile::parse(text));
    let mut next = Span::new(0, 0);
    text.match_indices(MARK)
        .take(MOST)
        .filter_map(|(at, _)| {
            let line = lines.span(text, lines.line(at));
            let hash = line.start + text.get(line.start..at)?.rfind('#')?;
            let is_comment = text.get(hash + 1..at)?.trim().is_empty();
            let rest = text.get(at + MARK.len()..line.end)?;
            let (whole_file, rest) = rest.strip_prefix("-file").map_or((false, rest), |rest| (true, rest));
            let inside = rest.strip_prefix('[')?.split_once(']')?.0;
            let scope = if whole_file {
                Span::new(0, text.len())
            } else {
                scope(text, &lines, line, hash, document.as_ref(), &mut next)
            };
            let start = line.end - rest.len() + 1;
            is_comment.then(|| Ignore { words: words(inside, start), scope, span: Span::new(hash, line.end) })
        })
        .collect()
}

fn words(inside: &str, start: usize) -> Vec<(&str, Span)> {
    let mut at = start;
    inside
        .split(',')
        .filter_map(|part| {
            let begin = at + (part.len() - part.trim_start().len());
            at += part.len() + 1;
            let word = part.trim();
            (!word.is_empty()).then(|| (word, Span::new(begin, begin + word.len())))
        })
        .collect()
}

/// For what a comment in `line` holds.
fn scope(
    text: &str,
    lines: &Lines,
    line: Span,
    hash: usize,
    document: Option<&dockerfile::Document>,
    next: &mut Span,
) -> Span {
    if !in_view(text.get(line.start..hash).unwrap_or("")).trim().is_empty() {
        return line;
    }
    // Comments one below the other hold for the same line: it is sought once.
    if next.start <= line.start {
        *next = line_below(text, lines, line);
    }
    let next = *next;
    let instruction = document.and_then(|document| {
        document
            .instructions
            .iter()
            .find(|instruction| next.start <= instruction.span.start && instruction.span.start <= next.end)
    });
    instruction.map_or(next, |instruction| next.to(instruction.span))
}

/// The next line that is neither comment nor blank.
fn line_below(text: &str, lines: &Lines, line: Span) -> Span {
    let mut number = lines.line(line.start) + 1;
    loop {
        let next = lines.span(text, number);
        let content = next.of(text).trim();
        if next.start >= text.len() || !(content.is_empty() || content.starts_with('#')) {
            return next;
        }
        number += 1;
    }
}

fn unknown_rule(word: &str, span: Span) -> Finding {
    let mut sink = Sink::new(&rules::G991);
    sink.report(span, format!("there is no rule `{word}`")).help("`longshore explain` lists all codes");
    sink.into_findings().remove(0)
}

fn unused(file: &File, ignore: &Ignore<'_>) -> Finding {
    let mut sink = Sink::new(&rules::G990);
    let names: Vec<&str> = ignore.words.iter().map(|(word, _)| *word).collect();
    let line_start = file.text[..ignore.span.start].rfind('\n').map_or(0, |at| at + 1);
    let before = in_view(file.text.get(line_start..ignore.span.start).unwrap_or(""));
    // A comment alone goes with its line; one behind a value with the blanks before it.
    let cut = if before.trim().is_empty() {
        let end =
            file.text[ignore.span.end..].find('\n').map_or(file.text.len(), |at| ignore.span.end + at + 1);
        Span::new(ignore.span.start - before.len(), end)
    } else {
        Span::new(ignore.span.start - (before.len() - before.trim_end().len()), ignore.span.end)
    };
    sink.report(ignore.span, format!("this comment ignores nothing (`{}`)", names.join("`, `")))
        .help("remove it")
        .fix(Fix::safe("remove the comment", Edit::new(cut, "")));
    sink.into_findings().remove(0)
}
