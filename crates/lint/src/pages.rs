//! Tests of the rules' pages: the fenced blocks marked `bad`, `good` and `fixed` in each `doc.md`.
//!
//! The info string of a block is the language, then one of `bad`, `good`, `fixed`, `context`, then
//! optional `path=NAME` and
//! `options=NAME=VALUE`. Without a path a `dockerfile` block is `Dockerfile`, a `yaml` block
//! `compose.yaml`. `context` blocks are further files of the next case. A `fixed` block is what all
//! fixes make of the `bad` block before it.

use crate::engine::{Report, check};
use crate::file::File;
use crate::finding::Applicability;
use crate::fixes;
use crate::options::Options;
use crate::rule::{Check, Rule};
use crate::rules;

struct Block {
    role: String,
    file: File,
    line: usize,
    options: Options,
}

fn blocks(doc: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut open: Option<(Block, String)> = None;
    for (index, line) in doc.lines().enumerate() {
        if let Some((mut block, fence)) = open.take() {
            if line.trim_end() == fence {
                out.push(block);
            } else {
                block.file.text.push_str(line);
                block.file.text.push('\n');
                open = Some((block, fence));
            }
        } else if let Some(info) = line.strip_prefix("```") {
            let fence = "`".repeat(3 + info.chars().take_while(|c| *c == '`').count());
            let info = info.trim_start_matches('`');
            open = Some((block(info, index + 1), fence));
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    out
}

fn block(info: &str, line: usize) -> Block {
    let words: Vec<&str> = info.split_whitespace().collect();
    let path = words.iter().find_map(|word| word.strip_prefix("path=")).unwrap_or(match words.first() {
        Some(&"dockerfile") => "Dockerfile",
        Some(&"yaml") => "compose.yaml",
        Some(&"json") => "devcontainer.json",
        Some(&"sh") => "run.sh",
        Some(&"markdown") => "README.md",
        _ => "context",
    });
    let role = words.get(1).copied().unwrap_or("").to_owned();
    let given = words.iter().find_map(|word| word.strip_prefix("options=")).unwrap_or("");
    Block { role, file: File::new(path, ""), line, options: options(given) }
}

/// `driver=535`, `gpu=RTX_4090`, `compose=2.20`.
fn options(given: &str) -> Options {
    let mut out = Options::default();
    match given.split_once('=') {
        Some(("driver", value)) => out.driver = Some(value.to_owned()),
        Some(("gpu", value)) => {
            out.gpus = vec![value.replace('_', if value.starts_with("sm") { "_" } else { " " })]
        }
        Some((engine, value)) => {
            out.engines.insert(engine.to_owned(), value.to_owned());
        }
        None => {}
    }
    out
}

fn lint(rule: &Rule, files: &[File], options: &Options) -> Report {
    let select = if matches!(rule.check, Check::Engine) { "ALL" } else { rule.code.as_str() };
    let options = Options { select: vec![select.to_owned()], ..options.clone() };
    let mut report = check(files, &options).into_iter().next().expect("the case has a kind that is linted");
    report.findings.retain(|finding| finding.code == rule.code);
    report
}

fn check_page(rule: &Rule) {
    let (mut bad, mut good, mut context, mut fixable) = (0, 0, Vec::new(), None::<(Report, File, Vec<File>)>);
    for block in blocks(rule.doc) {
        let at = format!("{} doc.md line {}", rule.code, block.line);
        match block.role.as_str() {
            "context" => context.push(block.file),
            "bad" => {
                let mut files = vec![block.file.clone()];
                files.append(&mut context);
                let report = lint(rule, &files, &block.options);
                assert!(!report.findings.is_empty(), "{at}: nothing found");
                bad += 1;
                fixable = Some((report, block.file, files));
            }
            "good" => {
                let mut files = vec![block.file];
                files.append(&mut context);
                let report = lint(rule, &files, &block.options);
                assert!(report.findings.is_empty(), "{at}: {:#?}", report.findings);
                good += 1;
            }
            "fixed" => {
                let (report, file, mut files) = fixable.take().expect("`fixed` follows `bad`");
                let (text, _) = fixes::apply(&file.text, &report.findings, Applicability::Unsafe);
                assert_eq!(text, block.file.text, "{at}");
                files[0].text = text;
                let again = lint(rule, &files, &block.options);
                assert!(again.findings.is_empty(), "{at}: found again: {:#?}", again.findings);
            }
            _ => {}
        }
    }
    assert!(
        bad >= 3 && good >= 3,
        "{}: {bad} bad and {good} good cases, three of each are needed",
        rule.code
    );
}

#[test]
fn the_cases_of_every_page_hold() {
    for rule in rules::ALL {
        check_page(rule);
    }
}

/// Fixes of each level on every `bad` case of every page: the findings that they were made for are
/// gone, a second run changes nothing, and no byte outside of the edits has changed.
#[test]
fn fixes_end_on_every_case() {
    for rule in rules::ALL {
        let mut context = Vec::new();
        for block in blocks(rule.doc) {
            if block.role == "context" {
                context.push(block.file);
                continue;
            }
            let mut files = vec![block.file];
            files.append(&mut context);
            if matches!(block.role.as_str(), "bad" | "good" | "fixed") {
                for level in [Applicability::Safe, Applicability::Unsafe] {
                    fix_to_the_end(&format!("{} line {}", rule.code, block.line), files.clone(), level);
                }
            }
        }
    }
}

/// Windows: what is found, and what the fixes make, does not depend on how lines end; they end as before.
#[test]
fn line_endings_change_nothing_and_are_kept() {
    let of_windows = |text: &str| text.replace('\n', "\r\n");
    for rule in rules::ALL {
        let mut context = Vec::new();
        for block in blocks(rule.doc) {
            if block.role == "context" {
                context.push(block.file);
                continue;
            }
            let mut files = vec![block.file];
            files.append(&mut context);
            let at = format!("{} line {}", rule.code, block.line);
            if matches!(block.role.as_str(), "bad" | "good") {
                let plain = lint(rule, &files, &block.options);
                let expected =
                    of_windows(&fixes::apply(&files[0].text, &plain.findings, Applicability::Unsafe).0);
                files.iter_mut().for_each(|file| file.text = of_windows(&file.text));
                let found = lint(rule, &files, &block.options);
                assert_eq!(found.findings.len(), plain.findings.len(), "{at}: {:#?}", found.findings);
                let fixed = fixes::apply(&files[0].text, &found.findings, Applicability::Unsafe).0;
                assert_eq!(fixed, expected, "{at}");
                if matches!(rule.check, Check::Script(_)) {
                    continue; // The shell itself stumbles over what follows.
                }
                // Some editors put a mark before the text.
                files[0].text.insert(0, '\u{feff}');
                let found = lint(rule, &files, &block.options);
                assert_eq!(
                    found.findings.len(),
                    plain.findings.len(),
                    "{at}, with a mark: {:#?}",
                    found.findings
                );
                let fixed = fixes::apply(&files[0].text, &found.findings, Applicability::Unsafe).0;
                assert_eq!(fixed.trim_start_matches('\u{feff}'), expected, "{at}, with a mark");
            }
        }
    }
}

fn fix_to_the_end(at: &str, mut files: Vec<File>, level: Applicability) {
    let options = Options { select: vec!["ALL".into()], ..Options::default() };
    for _ in 0..10 {
        let Some(report) = check(&files, &options).into_iter().next() else { return };
        let (text, applied) = fixes::apply(&files[0].text, &report.findings, level);
        let fixable =
            |finding: &&crate::Finding| finding.fix.as_ref().is_some_and(|fix| fix.applicability <= level);
        if applied == 0 {
            assert_eq!(report.findings.iter().filter(fixable).count(), 0, "{at}: a fix cannot be applied");
            assert_eq!(text, files[0].text, "{at}");
            return;
        }
        let edits =
            report.findings.iter().filter(fixable).flat_map(|finding| &finding.fix.as_ref().unwrap().edits);
        let spans: Vec<crate::Span> = edits.map(|edit| edit.span).collect();
        assert!(untouched_is_kept(&files[0].text, &text, &spans), "{at}: other bytes changed");
        files[0].text = text;
    }
    panic!("{at}: fixes do not end");
}

/// Whether every piece between the edits stands in the new text, in order.
fn untouched_is_kept(old: &str, new: &str, spans: &[crate::Span]) -> bool {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let (mut at, mut rest) = (0, new);
    for span in spans {
        let piece = old.get(at..span.start.max(at)).unwrap_or("");
        let Some(found) = rest.find(piece) else { return false };
        rest = &rest[found + piece.len()..];
        at = span.end.max(at);
    }
    rest.ends_with(old.get(at..).unwrap_or(""))
}

#[test]
fn pages_have_the_headings() {
    for rule in rules::ALL {
        assert!(rule.doc.starts_with(&format!("# {}: {}\n", rule.code, rule.name)), "{}: title", rule.code);
        for heading in ["\n## What it does\n", "\n## Why is this bad?\n", "\n## Fix safety\n"] {
            assert!(rule.doc.contains(heading), "{}: no{}", rule.code, heading.replace('\n', " "));
        }
    }
}

/// Words of which an origin has one: a file or repository, an issue, or the name of a document.
const ORIGINS: &[&str] = &[
    "/",
    "#",
    ".py",
    ".go",
    "README",
    "PEP ",
    "documentation",
    "specification",
    "Guide",
    "guide",
    "NVIDIA, ",
    "apt;",
    "CUDA driver API",
];

/// A rule that has a fix shows what it makes; one without says so. Where a text is quoted, its origin
/// stands in brackets.
#[test]
fn pages_show_the_fix_and_the_origin_of_what_they_quote() {
    for rule in rules::ALL {
        let safety = rule.doc.split("## Fix safety").nth(1).unwrap_or("");
        let fixes = blocks(rule.doc).iter().filter(|block| block.role == "fixed").count();
        let says_none = safety.contains("There is no fix");
        assert!(says_none != (fixes > 0), "{}: {fixes} fixed forms, and the page says otherwise", rule.code);
        let why = rule.doc.split("## Why is this bad?").nth(1).and_then(|rest| rest.split("\n## ").next());
        let why = why.unwrap_or("");
        let quotes = why.contains("```text") || why.contains("\n> ");
        let bracketed = why.split('(').skip(1).filter_map(|rest| rest.split_once(')'));
        let has_origin =
            bracketed.into_iter().any(|(text, _)| ORIGINS.iter().any(|word| text.contains(word)));
        assert!(has_origin || !quotes, "{}: no origin of what is quoted", rule.code);
    }
}

#[test]
fn codes_and_names_are_unique_and_in_order() {
    let codes: Vec<&str> = rules::ALL.iter().map(|rule| rule.code.as_str()).collect();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "{codes:?}");
    let mut names: Vec<&str> = rules::ALL.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), codes.len());
}
