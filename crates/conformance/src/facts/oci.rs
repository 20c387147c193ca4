//! The `config.json` that the low-level runtime was handed, against the one of the bundle.

use super::Facts;
use super::cdi::plain;
use super::hooks::{Effects, texts};
use diag::{Result, ResultExt};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn add(facts: &mut Facts, before: &str, after: Option<&str>) -> Result<()> {
    let Some(after) = after else {
        facts.add("low-level runtime", "was not called");
        return Ok(());
    };
    facts.add("low-level runtime", "was called");
    facts.add("bytes of config.json", if before == after { "unchanged" } else { "rewritten" });
    let mut config: Value = serde_json::from_str(after).context("the config.json handed on is not JSON")?;
    add_mount_order(facts, &config);
    add_effects(facts, &config);
    for variable in texts(config.pointer("/process/env")) {
        facts.add_next("env", variable);
    }
    for (field, pointer) in LISTS {
        for item in config.pointer(pointer).and_then(Value::as_array).into_iter().flatten() {
            facts.add(*field, plain(&without_sorted_options(item)));
        }
    }
    remove(&mut config, "/process", "env");
    for (parent, key) in [("/process/user", "additionalGids"), ("", "mounts"), ("", "hooks")] {
        remove(&mut config, parent, key);
    }
    remove(&mut config, "/linux", "devices");
    remove(&mut config, "/linux/resources", "devices");
    add_rest(facts, "", &config);
    Ok(())
}

const LISTS: &[(&str, &str)] = &[
    ("gids", "/process/user/additionalGids"),
    ("mounts", "/mounts"),
    ("devices", "/linux/devices"),
    ("device rules", "/linux/resources/devices"),
];

/// The order of mount options does not matter.
fn without_sorted_options(item: &Value) -> Value {
    let mut item = item.clone();
    if let Some(options) = item.get_mut("options").and_then(Value::as_array_mut) {
        options.sort_by_key(plain);
    }
    item
}

/// What matters of the order of mounts: none may hide one that came before it.
fn add_mount_order(facts: &mut Facts, config: &Value) {
    let mounts = config.pointer("/mounts").and_then(Value::as_array).into_iter().flatten();
    let places: Vec<String> = mounts.filter_map(|mount| mount.get("destination")).map(plain).collect();
    for (index, place) in places.iter().enumerate() {
        let inside = format!("{}/", place.trim_end_matches('/'));
        for hidden in places.iter().take(index).filter(|earlier| earlier.starts_with(&inside)) {
            facts.add("hidden mounts", format!("{hidden} by {place}"));
        }
    }
}

fn add_effects(facts: &mut Facts, config: &Value) {
    let mut effects = Effects::default();
    for (stage, hooks) in config.get("hooks").and_then(Value::as_object).into_iter().flatten() {
        for hook in hooks.as_array().into_iter().flatten() {
            effects.add(stage, hook);
        }
    }
    let devices = config.pointer("/linux/devices").and_then(Value::as_array).into_iter().flatten();
    let nodes: BTreeSet<String> = devices.filter_map(|device| device.get("path")).map(plain).collect();
    for effect in effects.with_nodes(&nodes) {
        facts.add("effects", effect);
    }
    for mount in &effects.mounts {
        facts.add("mounts", plain(&without_sorted_options(mount)));
    }
    for program in &effects.programs {
        facts.add("hook programs", program.clone());
    }
    for variable in &effects.environment {
        facts.add("hook environment", variable.clone());
    }
}

fn remove(config: &mut Value, parent: &str, key: &str) {
    if let Some(object) = config.pointer_mut(parent).and_then(Value::as_object_mut) {
        object.shift_remove(key);
    }
}

/// Everything else, value by value.
fn add_rest(facts: &mut Facts, place: &str, value: &Value) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                add_rest(facts, &format!("{place}/{key}"), value);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                add_rest(facts, &format!("{place}/{index}"), item);
            }
        }
        leaf => facts.add("rest", format!("{place} = {leaf}")),
    }
}
