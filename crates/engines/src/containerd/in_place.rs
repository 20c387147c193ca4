//! Configuration version 1: what is missing is put into the file itself, every other byte stays.

use super::cri;
use super::sources::Sources;
use crate::toml_splice::set;
use crate::toml_tree::{BYTE_ORDER_MARK, Node, Tree, table, text};
use crate::{Desired, Files, Proposal, ProposedFile, write_step};
use diag::Result;
use plan::{Applicability, Plan};

pub(super) fn propose(files: &Files<'_>, sources: &Sources, desired: &Desired) -> Result<Proposal> {
    let after = changed(files, sources, desired)?;
    let title = format!("register runtime {} with containerd in {}", desired.runtime_name, files.config);
    let plan = Plan::new(title, Applicability::Safe);
    let plan = write_step(plan, files.config, sources.config.clone(), &after);
    let file = ProposedFile { title: Some("Top-level config"), path: files.config.to_owned(), text: after };
    Ok(Proposal {
        plan,
        files: vec![file],
        exists: sources.config.is_some(),
        notes: Vec::new(),
        findings: Vec::new(),
    })
}

fn changed(files: &Files<'_>, sources: &Sources, desired: &Desired) -> Result<String> {
    let bytes = sources.config.as_deref().unwrap_or_default();
    let mark = if bytes.starts_with(BYTE_ORDER_MARK.as_bytes()) { BYTE_ORDER_MARK } else { "" };
    let mut after = text(files.config, bytes)?.to_owned();
    let path = ["plugins", cri::plugin(1)];
    let cri = table(files.config, &sources.config_tree, &path)?.cloned().unwrap_or_default();
    if desired.enable_cdi {
        after = set(files.config, &after, &path, &[("enable_cdi", "true".to_owned())])?;
    }
    let containerd = [path.as_slice(), &["containerd"]].concat();
    if desired.set_as_default {
        let name = toml_edit::Value::from(desired.runtime_name.as_str()).to_string();
        after = set(files.config, &after, &containerd, &[("default_runtime_name", name)])?;
    }
    if let Some((name, entry)) = cri::missing_default(files.config, &cri, 1)? {
        let place = [containerd.as_slice(), &["runtimes", name]].concat();
        after = put(files.config, after, &place, &entry, None)?;
    }
    let entry = cri::entry(files.config, &cri, desired, 1)?;
    let present = table(files.config, &cri, &["containerd", "runtimes", &desired.runtime_name])?;
    let place = [containerd.as_slice(), &["runtimes", &desired.runtime_name]].concat();
    after = put(files.config, after, &place, &entry, present)?;
    Ok(format!("{mark}{after}"))
}

/// The text with everything of a table in it that is not there yet.
fn put(file: &str, mut text: String, path: &[&str], wanted: &Tree, present: Option<&Tree>) -> Result<String> {
    let missing = |key: &str, node: &Node| present.and_then(|present| present.get(key)) != Some(node);
    let mut values = Vec::new();
    for (key, node) in wanted.iter().filter(|(key, node)| missing(key, node)) {
        if let Node::Value(value) = node {
            values.push((key.as_str(), value.clone()));
        }
    }
    if !values.is_empty() {
        text = set(file, &text, path, &values)?;
    }
    for (key, node) in wanted.iter().filter(|(key, node)| missing(key, node)) {
        if let Node::Table(inner) = node {
            let present = present.map(|present| table(file, present, &[key])).transpose()?.flatten();
            text = put(file, text, &[path, &[key]].concat(), inner, present)?;
        }
    }
    Ok(text)
}
