//! A CDI specification, JSON or YAML.

use super::Facts;
use super::hooks::{Effects, texts};
use diag::{Result, ResultExt};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn add(facts: &mut Facts, text: &str) -> Result<()> {
    let is_json = text.trim_start().starts_with('{');
    let spec: Value = if is_json {
        serde_json::from_str(text).context("standard output is not the JSON of a CDI specification")?
    } else {
        serde_saphyr::from_str(text).context("standard output is not the YAML of a CDI specification")?
    };
    facts.add("format", if is_json { "JSON" } else { "YAML" });
    for key in ["cdiVersion", "kind", "annotations"] {
        if let Some(value) = spec.get(key) {
            facts.add(key, plain(value));
        }
    }
    let nothing = Value::Null;
    let common = spec.get("containerEdits").unwrap_or(&nothing);
    let shared = effects(common);
    edits(facts, "common", common, shared.done.iter().cloned());
    add_programs(facts, &shared);
    for device in spec.get("devices").and_then(Value::as_array).into_iter().flatten() {
        add_device(facts, device, &shared);
    }
    Ok(())
}

/// A device has its own hooks' effects, and those that a common hook leaves to its nodes.
fn add_device(facts: &mut Facts, device: &Value, shared: &Effects) {
    let name = device.get("name").map(plain).unwrap_or_default();
    facts.add("devices", name.clone());
    let nothing = Value::Null;
    let own_edits = device.get("containerEdits").unwrap_or(&nothing);
    let mut own = effects(own_edits);
    add_programs(facts, &own);
    own.per_node.extend(shared.per_node.iter().cloned());
    let nodes: BTreeSet<String> = list(own_edits, "deviceNodes").filter_map(path).collect();
    edits(facts, &format!("device {name}"), own_edits, own.with_nodes(&nodes));
}

fn effects(edits: &Value) -> Effects {
    let mut effects = Effects::default();
    for hook in list(edits, "hooks") {
        effects.add(hook.get("hookName").and_then(Value::as_str).unwrap_or_default(), hook);
    }
    effects
}

fn add_programs(facts: &mut Facts, effects: &Effects) {
    // The same program in several places is one fact.
    let known = |facts: &Facts, field: &str, fact: &String| {
        facts.fields.get(field).is_some_and(|facts| facts.contains(fact))
    };
    for (field, values) in [("hook programs", &effects.programs), ("hook environment", &effects.environment)]
    {
        for value in values {
            if !known(facts, field, value) {
                facts.add(field, value.clone());
            }
        }
    }
}

fn edits(facts: &mut Facts, place: &str, edits: &Value, effects: impl Iterator<Item = String>) {
    for variable in texts(edits.get("env")) {
        facts.add(format!("{place}: env"), variable);
    }
    for node in list(edits, "deviceNodes") {
        facts.add(format!("{place}: nodes"), plain(node));
    }
    for mount in list(edits, "mounts") {
        facts.add(format!("{place}: mounts"), mount_fact(mount));
    }
    for gid in list(edits, "additionalGids") {
        facts.add(format!("{place}: gids"), gid.to_string());
    }
    for effect in effects {
        facts.add(format!("{place}: effects"), effect);
    }
}

fn mount_fact(mount: &Value) -> String {
    let text = |key| mount.get(key).map(plain).unwrap_or_default();
    let kind = mount.get("type").map(|kind| format!(" type {}", plain(kind))).unwrap_or_default();
    let mut options = texts(mount.get("options"));
    options.sort();
    format!("{} at {} ({}){kind}", text("hostPath"), text("containerPath"), options.join(" "))
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn path(node: &Value) -> Option<String> {
    node.get("path").and_then(Value::as_str).map(str::to_owned)
}

/// A value in one line, keys sorted; a string without quotes.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(object) => {
            let mut parts: Vec<String> =
                object.iter().map(|(key, value)| format!("{key} {}", plain(value))).collect();
            parts.sort();
            parts.join(", ")
        }
        Value::Array(items) => format!("({})", items.iter().map(plain).collect::<Vec<_>>().join(" ")),
        other => other.to_string(),
    }
}
