//! The recorded cases, read from their files.
#![allow(dead_code, reason = "each test file uses a part of this")]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests read their fixtures")]

use doctor::Facts;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) about: String,
    pub(crate) change: Value,
    pub(crate) expect: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) state: String,
    pub(crate) root: Option<String>,
    /// All that follows from the root, in any order.
    pub(crate) folded: Vec<String>,
    /// The other errors.
    pub(crate) rivals: Vec<String>,
    pub(crate) outcomes: BTreeMap<String, String>,
    /// A part of the root's message.
    pub(crate) cause: Option<String>,
    /// A part of the root's next command.
    pub(crate) next: Option<String>,
    /// A machine on which nothing above a note may be found.
    #[serde(default)]
    pub(crate) healthy: bool,
}

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

pub(crate) fn cases() -> Vec<(String, Case)> {
    let entries = fs::read_dir(fixtures().join("cases")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let case = serde_json::from_slice(&fs::read(path).unwrap());
        (
            path.file_stem().unwrap().to_string_lossy().into_owned(),
            case.unwrap_or_else(|error| panic!("{path:?}: {error}")),
        )
    };
    paths.iter().map(read).collect()
}

pub(crate) fn facts(case: &Case) -> Facts {
    let text = fs::read(fixtures().join("facts/native.json")).unwrap();
    let mut document: Value = serde_json::from_slice(&text).unwrap();
    merge(&mut document, &case.change);
    Facts::from_json(document.to_string().as_bytes()).unwrap()
}

/// RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let target = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// The facts of the case of that name.
pub(crate) fn facts_of(name: &str) -> Facts {
    let path = fixtures().join(format!("cases/{name}.json"));
    facts(&serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
}
