//! Tests of the rules' pages: the fenced blocks marked `bad`, `good` and `fixed` in each `doc.md`.
//!
//! The info string of a block is the language, then one of `bad`, `good`, `fixed`, `context`, then
//! optional `path=NAME`. Without a path a `dockerfile` block is `Dockerfile`, a `yaml` block
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
        _ => "context",
    });
    let role = words.get(1).copied().unwrap_or("").to_owned();
    Block { role, file: File::new(path, ""), line }
}

fn lint(rule: &Rule, files: &[File]) -> Report {
    let select = if matches!(rule.check, Check::Engine) { "ALL" } else { rule.code.as_str() };
    let options = Options { select: vec![select.to_owned()], ..Options::default() };
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
                let report = lint(rule, &files);
                assert!(!report.findings.is_empty(), "{at}: nothing found");
                bad += 1;
                fixable = Some((report, block.file, files));
            }
            "good" => {
                let mut files = vec![block.file];
                files.append(&mut context);
                let report = lint(rule, &files);
                assert!(report.findings.is_empty(), "{at}: {:#?}", report.findings);
                good += 1;
            }
            "fixed" => {
                let (report, file, mut files) = fixable.take().expect("`fixed` follows `bad`");
                let (text, _) = fixes::apply(&file.text, &report.findings, Applicability::Unsafe);
                assert_eq!(text, block.file.text, "{at}");
                files[0].text = text;
                let again = lint(rule, &files);
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

#[test]
fn pages_have_the_headings() {
    for rule in rules::ALL {
        assert!(rule.doc.starts_with(&format!("# {}: {}\n", rule.code, rule.name)), "{}: title", rule.code);
        for heading in ["\n## What it does\n", "\n## Why is this bad?\n", "\n## Fix safety\n"] {
            assert!(rule.doc.contains(heading), "{}: no{}", rule.code, heading.replace('\n', " "));
        }
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
