//! The cases of an older checker: its true findings are found, its false ones are not made, and
//! the page that explains the differences says what the cases say.

use lint::{File, Options, check};
use toml_edit::{Document, Table};

const CASES: &str = include_str!("data/env-doctor.toml");
const PAGE: &str = include_str!("../../../docs/env-doctor.md");

fn each(mut visit: impl FnMut(&Table)) {
    let document = Document::parse(CASES).expect("TOML");
    let cases = document["case"].as_array_of_tables().expect("cases");
    assert!(cases.len() >= 30, "{} cases", cases.len());
    cases.iter().for_each(&mut visit);
}

fn text<'a>(case: &'a Table, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("{key} is missing"))
}

fn ours(case: &Table) -> Vec<&str> {
    case["ours"].as_array().expect("ours").iter().filter_map(|code| code.as_str()).collect()
}

#[test]
fn every_case_gets_the_right_answer() {
    each(|case| {
        let reports = check(&[File::new(text(case, "file"), text(case, "text"))], &Options::default());
        let found = reports.iter().flat_map(|report| &report.findings);
        let codes: Vec<&str> = found.map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ours(case), "{}", text(case, "name"));
    });
}

#[test]
fn the_page_says_what_the_cases_say() {
    let mut rows = 0;
    each(|case| {
        let codes = ours(case).join(", ");
        let codes = if codes.is_empty() { "nothing" } else { &codes };
        let cells = [text(case, "name"), text(case, "file"), text(case, "theirs"), codes, text(case, "why")];
        let row = format!("| {} |", cells.join(" | "));
        assert!(PAGE.lines().any(|line| line == row), "docs/env-doctor.md lacks the row\n{row}");
        rows += 1;
    });
    assert_eq!(PAGE.lines().filter(|line| line.starts_with("| ")).count(), rows + 2);
}
