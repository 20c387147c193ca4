//! The JSON Schema of `config.toml`, made from the table of keys.

use serde_json::{Map, Value, json};
use settings::Settings;
use settings::table::{KEYS, Slot};

/// Keys that take one of a few words.
const WORDS: &[(&str, &[&str])] = &[
    ("nvidia-container-runtime.mode", &["auto", "legacy", "csv", "cdi", "jit-cdi"]),
    (
        "nvidia-container-runtime.log-level",
        &["trace", "debug", "info", "warn", "warning", "error", "fatal", "panic"],
    ),
    ("nvidia-container-runtime.modes.legacy.cuda-compat-mode", &["ldconfig", "mount", "hook", "disabled"]),
];

/// The schema (draft 2020-12), which editors use for TOML as well.
pub(super) fn text() -> String {
    let mut root = table();
    for key in KEYS {
        let mut at = &mut root;
        let (sections, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        for section in sections.split('.').filter(|section| !section.is_empty()) {
            at = property(at, section, table);
        }
        property(at, name, || leaf(key.path, key.slot));
    }
    if let Some(root) = root.as_object_mut() {
        root.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        root.insert("title".into(), "config.toml of the NVIDIA Container Toolkit".into());
    }
    format!("{root:#}\n")
}

fn table() -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": {}})
}

/// The property of a table, made where it is missing.
fn property<'a>(table: &'a mut Value, name: &str, make: impl FnOnce() -> Value) -> &'a mut Value {
    let properties =
        table.as_object_mut().map(|table| table.entry("properties").or_insert_with(|| json!({})));
    match properties {
        Some(Value::Object(properties)) => properties.entry(name.to_owned()).or_insert_with(make),
        _ => unreachable!("a schema of a table has an object of properties"),
    }
}

fn leaf(path: &str, slot: Slot) -> Value {
    let settings = &mut Settings::default();
    let (kind, default) = match slot {
        Slot::Bool(slot) => ("boolean", json!(*slot(settings))),
        Slot::Feature(_) => ("boolean", Value::Null),
        Slot::Text(slot) => ("string", json!(slot(settings))),
        Slot::List(slot) => ("array", json!(slot(settings))),
    };
    let mut leaf = Map::from_iter([("type".to_owned(), json!(kind))]);
    if kind == "array" {
        leaf.insert("items".into(), json!({"type": "string"}));
    }
    if let Some((_, words)) = WORDS.iter().find(|(key, _)| *key == path) {
        leaf.insert("enum".into(), json!(words));
    }
    if !default.is_null() {
        leaf.insert("default".into(), default);
    }
    Value::Object(leaf)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_in_the_schema_with_its_default_and_nothing_else_is_allowed() {
        let schema: Value = serde_json::from_str(&text()).unwrap();
        for key in KEYS {
            let pointer: String = key.path.split('.').map(|part| format!("/properties/{part}")).collect();
            let leaf = schema.pointer(&pointer).unwrap_or_else(|| panic!("{}", key.path));
            assert!(leaf.get("type").is_some(), "{leaf}");
            if let (Some(words), Some(default)) = (leaf.get("enum"), leaf.get("default")) {
                assert!(words.as_array().unwrap().contains(default), "{leaf}");
            }
        }
        assert_eq!(schema.pointer("/properties/nvidia-ctk/additionalProperties"), Some(&json!(false)));
        assert!(WORDS.iter().all(|(path, _)| settings::table::find(path).is_some()));
    }
}
