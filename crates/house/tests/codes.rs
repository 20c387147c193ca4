//! Codes are unique and documented, and generated pages are fresh.

use house::codes::all;
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
fn generated_pages_are_fresh() {
    let stale = house::pages::stale();
    assert!(stale.is_empty(), "stale: {stale:#?}; run `cargo xtask docs`");
}
