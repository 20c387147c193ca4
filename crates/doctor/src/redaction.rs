//! Facts for strangers: names of people and machines are taken out, everything that a diagnosis
//! needs stays.

use crate::Facts;
use serde_json::Value;

/// The facts without names: home directories, users, addresses, contexts, hashed UUIDs.
#[must_use]
pub fn redacted(facts: &Facts) -> Facts {
    let mut names = Vec::new();
    if let Some(name) = facts.caller.known().and_then(|caller| caller.name.clone()) {
        names.push(name);
    }
    if let Some(name) = facts.client.known().and_then(|client| client.of_user.clone()) {
        names.push(name);
    }
    names.retain(|name| name != "root" && !name.is_empty());
    let Ok(mut document) = serde_json::to_value(facts) else { return facts.clone() };
    walk(&mut document, &names);
    serde_json::from_value(document).unwrap_or_else(|_| facts.clone())
}

fn walk(value: &mut Value, names: &[String]) {
    match value {
        Value::String(text) => *text = cleaned(text, names),
        Value::Array(list) => list.iter_mut().for_each(|value| walk(value, names)),
        Value::Object(object) => object.iter_mut().for_each(|(key, value)| walk_entry(key, value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn walk_entry(key: &str, value: &mut Value, names: &[String]) {
    match (key, &mut *value) {
        ("network" | "address", Value::String(text)) if text.contains("://") => *text = without_machine(text),
        ("of_user", Value::String(text)) => *text = "user".to_owned(),
        _ => walk(value, names),
    }
}

/// `ssh://gpu1.example.org:22` becomes `ssh://machine`.
fn without_machine(address: &str) -> String {
    match address.split_once("://") {
        Some(("unix", path)) => format!("unix://{}", cleaned(path, &[])),
        Some((scheme, _)) => format!("{scheme}://machine"),
        None => address.to_owned(),
    }
}

/// A path below a home directory, an address, or a text with somebody's name.
fn cleaned(text: &str, names: &[String]) -> String {
    let mut parts: Vec<String> = text.split('/').map(str::to_owned).collect();
    for at in 1..parts.len() {
        let home = parts.get(at - 1).is_some_and(|part| part == "home" || part == "Users");
        if let Some(part) = parts.get_mut(at).filter(|part| home && !part.is_empty()) {
            let rest = part
                .find([' ', ':', '"', '\''])
                .map_or("", |end| part.get(end..).unwrap_or_default())
                .to_owned();
            *part = format!("user{rest}");
        }
    }
    let mut clean = parts.join("/");
    for scheme in ["ssh://", "tcp://", "http://", "https://"] {
        if let Some((before, after)) = clean.clone().split_once(scheme) {
            let rest =
                after.find([' ', ',', ';', '"', '\'']).map_or("", |end| after.get(end..).unwrap_or_default());
            clean = format!("{before}{scheme}machine{rest}");
        }
    }
    if names.contains(&clean) { "user".to_owned() } else { hashed(&clean) }
}

/// UUIDs of GPUs and MIG instances tell machines apart: what remains is enough to tell two from each other.
fn hashed(text: &str) -> String {
    let mut clean = text.to_owned();
    for prefix in ["GPU-", "MIG-"] {
        while let Some(start) =
            clean.find(prefix).filter(|start| uuid_length(clean.get(start + 4..).unwrap_or_default()) > 0)
        {
            let length = uuid_length(clean.get(start + 4..).unwrap_or_default());
            let uuid = clean.get(start + 4..start + 4 + length).unwrap_or_default().to_owned();
            clean.replace_range(
                start..start + 4 + length,
                &format!("{}#{:08x}", prefix.trim_end_matches('-'), fnv(&uuid)),
            );
        }
    }
    clean
}

fn uuid_length(text: &str) -> usize {
    let length = text.find(|c: char| !c.is_ascii_hexdigit() && c != '-').unwrap_or(text.len());
    if length >= 8 { length } else { 0 }
}

/// FNV-1a, 32 bits: not to be turned back, and the same on every run.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_and_paths_stay_useful() {
        let names = ["ada".to_owned()];
        assert_eq!(cleaned("/home/ada/.docker/config.json", &names), "/home/user/.docker/config.json");
        assert_eq!(cleaned("ada", &names), "user");
        assert_eq!(
            cleaned("the daemon is at ssh://ada@gpu1.example.org, not here", &names),
            "the daemon is at ssh://machine, not here"
        );
        assert_eq!(cleaned("/usr/lib/libcuda.so.580.95.05", &names), "/usr/lib/libcuda.so.580.95.05");
        assert!(!cleaned("GPU-5c5d2d4e-9a2f-4c8b-8f43-02d3f0b7b1aa", &names).contains("5c5d2d4e"));
        assert_eq!(without_machine("ssh://gpu1"), "ssh://machine");
        assert_eq!(without_machine("unix:///home/ada/x.sock"), "unix:///home/user/x.sock");
    }
}
