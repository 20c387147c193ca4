//! Folders, slice, codes and pages agree, and the graph of causes has no circle.
#![expect(clippy::disallowed_methods, reason = "looks at the crate's own folders")]

use super::*;
use diag::Code;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn folder(check: &Check) -> String {
    format!("{}_{}", check.code.as_str().to_lowercase(), check.name.replace('-', "_"))
}

#[test]
fn every_folder_is_in_the_slice_and_every_check_has_its_folder() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/checks");
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let folders: BTreeSet<String> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let checks: BTreeSet<String> = ALL.iter().map(folder).collect();
    assert_eq!(folders, checks);
    assert_eq!(checks.len(), ALL.len(), "a check stands in the slice twice");
}

#[test]
fn every_page_has_its_parts() {
    for check in ALL {
        let title = format!("# {}: {}\n", check.code, check.name);
        assert!(check.doc.starts_with(&title), "{}: the page must start with {title:?}", check.code);
        for part in ["\n## What is looked at\n", "\n## What users see\n", "\n## Why\n", "\n## What to do\n"] {
            assert!(check.doc.contains(part), "{} has no part {part:?}", check.code);
        }
    }
}

#[test]
fn labels_fit_the_report() {
    for check in ALL {
        assert!(check.label.chars().count() <= 16, "{}: {}", check.code, check.label);
    }
}

#[test]
fn only_known_checks_are_explained() {
    for check in ALL {
        for code in check.explains.iter().chain(check.blinds) {
            assert!(by_code(code.as_str()).is_some(), "{} names {code}", check.code);
        }
    }
}

/// A finding that explains itself by way of others would leave no root.
#[test]
fn no_finding_explains_itself() {
    for check in ALL {
        let mut reached: Vec<Code> = check.explains.to_vec();
        let mut next = 0;
        while let Some(code) = reached.get(next).copied() {
            reached.extend(by_code(code.as_str()).unwrap().explains);
            next += 1;
            assert!(next < 1000 && code != check.code, "{} explains itself", check.code);
        }
    }
}

#[test]
fn a_check_is_found_by_code_and_name() {
    assert_eq!(by_code("h301").unwrap().code, TOOLKIT_PRESENT);
    assert_eq!(by_code("toolkit-present").unwrap().code, TOOLKIT_PRESENT);
    assert!(by_code("H999").is_none());
}
