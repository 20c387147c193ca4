//! What people read: verdicts, and the page of deliberate differences.

use crate::differences::{Behaviour, Differences, Row, Side, Verdict};
use std::fmt::Write;

/// How many differences of one case are shown.
const SHOWN: usize = 12;

/// One line per case, its unexplained differences below it, and the count at the end.
#[must_use]
pub fn summary(verdicts: &[Verdict], unused: &[String]) -> String {
    let mut text: String = verdicts.iter().map(verdict).collect();
    for pattern in unused {
        let _ = writeln!(text, "UNUSED  differences.toml: {pattern}");
    }
    let good = verdicts.iter().filter(|verdict| verdict.is_good()).count();
    let facts: usize = verdicts.iter().map(|verdict| verdict.compared).sum();
    let explained: usize = verdicts.iter().map(|verdict| verdict.explained).sum();
    let _ = writeln!(
        text,
        "{good} of {} cases as expected, {facts} facts, {explained} deliberate differences",
        verdicts.len()
    );
    text
}

fn verdict(verdict: &Verdict) -> String {
    let Verdict { case, compared, explained, unexplained, pending } = verdict;
    let mut text = match (verdict.is_good(), pending) {
        (true, Some(reason)) => format!("pending {case}: {reason}\n"),
        (false, Some(_)) => format!("FAILED  {case}: is listed as pending, but agrees with the original\n"),
        (true, None) => format!("ok      {case}: {compared} facts, {explained} deliberate differences\n"),
        (false, None) => format!("FAILED  {case}: {} unexplained differences\n", unexplained.len()),
    };
    let shown = if pending.is_none() { SHOWN } else { 0 };
    for (side, field, fact) in unexplained.iter().take(shown) {
        let side = if *side == Side::Original { "original" } else { "ours    " };
        let _ = writeln!(text, "          {side} {field}: {fact}");
    }
    if shown > 0 && unexplained.len() > shown {
        let _ = writeln!(text, "          and {} more", unexplained.len() - shown);
    }
    text
}

/// The page `docs/differences.md`.
#[must_use]
pub fn documentation(table: &Differences) -> String {
    let mut page = String::from(PREFACE);
    for row in &table.rows {
        page.push_str(&section(row));
    }
    for Behaviour { reason, original, ours, test } in &table.behaviours {
        let _ = writeln!(
            page,
            "\n## {reason}\n\nTested by `{test}`.\n\n- original: {original}\n- Longshore: {ours}"
        );
    }
    if !table.pending.is_empty() {
        page.push_str("\n## Not built yet\n\n| case | what is missing |\n| --- | --- |\n");
        for pending in &table.pending {
            let _ = writeln!(page, "| `{}` | {} |", pending.case, pending.reason);
        }
    }
    page
}

const PREFACE: &str = "# Deliberate differences from the NVIDIA Container Toolkit\n\n\
Made from `crates/conformance/differences.toml` by `conformance --docs`; the conformance run fails when a row here\n\
matches nothing, and when something differs that has no row. Compared is the meaning of an output: mounts, nodes and\n\
links of a CDI specification, what hooks do and not how many there are, a `config.json` as data.\n";

fn section(row: &Row) -> String {
    let mut text = format!("\n## {}\n\nCases: {}. Where: {}.\n\n", row.reason, quoted(&row.cases), row.field);
    for (who, patterns) in [("original", &row.original), ("Longshore", &row.ours)] {
        for pattern in patterns {
            let _ = writeln!(text, "- {who}: `{}`", pattern.text);
        }
    }
    text
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
