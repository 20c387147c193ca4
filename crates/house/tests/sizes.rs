//! File and function sizes against a listed budget, and the first line of each file.

use house::sources::{Source, rust_files};

/// Lines of production code that a file may have.
const FILE_LIMIT: usize = 500;
/// Lines that a function may have.
const FUNCTION_LIMIT: usize = 80;
/// 95 of 100 functions stay below this.
const FUNCTION_P95: usize = 60;

/// Files that may be longer, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];

fn production() -> Vec<Source> {
    rust_files().into_iter().filter(|source| !source.is_test_code()).collect()
}

#[test]
fn files_stay_short() {
    let long: Vec<String> = production()
        .iter()
        .map(|source| (source, source.production_lines().count()))
        .filter(|(source, lines)| {
            *lines > FILE_LIMIT && !LONG_FILES.iter().any(|(path, _)| *path == source.path)
        })
        .map(|(source, lines)| format!("{}: {lines} lines", source.path))
        .collect();
    assert!(long.is_empty(), "over {FILE_LIMIT} lines: {long:#?}");
}

#[test]
fn listed_long_files_are_really_long() {
    let sources = production();
    for (path, reason) in LONG_FILES {
        let source = sources.iter().find(|source| source.path == *path);
        let lines = source.map_or(0, |source| source.production_lines().count());
        assert!(lines > FILE_LIMIT, "{path} has {lines} lines: take it off the list ({reason})");
    }
}

#[test]
fn functions_stay_short() {
    let mut lengths = Vec::new();
    let mut long = Vec::new();
    for source in production() {
        for function in source.functions() {
            lengths.push(function.lines);
            if function.lines > FUNCTION_LIMIT {
                long.push(format!("{}: {} has {} lines", source.path, function.name, function.lines));
            }
        }
    }
    assert!(long.is_empty(), "over {FUNCTION_LIMIT} lines: {long:#?}");
    lengths.sort_unstable();
    let p95 = lengths[lengths.len() * 95 / 100];
    assert!(p95 <= FUNCTION_P95, "95 % of functions have at most {p95} lines, not {FUNCTION_P95}");
}

#[test]
fn each_file_says_what_it_is_for() {
    let silent: Vec<String> = rust_files()
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path.clone())
        .collect();
    assert!(silent.is_empty(), "no `//!` first line: {silent:#?}");
}
