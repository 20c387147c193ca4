//! Codes are unique and documented, and the page that lists them is fresh.

use house::codes::{all, page};
use std::collections::BTreeMap;

#[test]
fn codes_are_unique() {
    let mut owners: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in all() {
        owners.entry(entry.code).or_default().push(entry.owner);
    }
    owners.retain(|_, crates| crates.len() > 1);
    assert!(owners.is_empty(), "declared more than once: {owners:#?}");
}

#[test]
fn codes_are_documented() {
    let silent: Vec<_> = all().into_iter().filter(|entry| entry.meaning.is_empty()).collect();
    assert!(silent.is_empty(), "no doc comment: {silent:#?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "compares a generated file of the workspace")]
fn the_page_is_fresh() {
    let committed = std::fs::read_to_string(house::root().join("docs/codes.md")).unwrap_or_default();
    assert!(committed == page(), "docs/codes.md is stale: run `cargo xtask docs`");
}
