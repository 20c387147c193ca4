//! The bill of materials: every crate that an installed file was built from, as CycloneDX 1.5.

use crate::dist::{cargo, host_target};
use crate::exec::capture;
use crate::project::Project;
use diag::{Result, ResultExt};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The packages whose dependencies are installed.
const ROOTS: [&str; 4] = ["longshore", "longshore-runtime", "sim-nvml", "sim-smi"];

/// The document; the same for the same lock file.
pub(super) fn cyclonedx(project: &Project) -> Result<String> {
    let mut metadata = cargo(project);
    metadata.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &host_target()?]);
    let metadata: Value =
        serde_json::from_str(&capture(&mut metadata)?).context("cargo metadata is no JSON")?;
    let packages = by_id(&metadata);
    let components: Vec<Value> = reachable(&metadata, &packages)
        .iter()
        .filter_map(|id| packages.get(id))
        .map(|package| component(package))
        .collect();
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {
            "type": "application", "name": "longshore", "version": env!("CARGO_PKG_VERSION"),
            "licenses": [{"expression": "Apache-2.0"}],
        }},
        "components": components,
    });
    serde_json::to_string_pretty(&document).context("cannot write the bill of materials")
}

fn by_id(metadata: &Value) -> BTreeMap<&str, &Value> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.filter_map(|package| Some((package["id"].as_str()?, package))).collect()
}

/// What the roots need when they run: no build and no test dependencies.
fn reachable<'a>(metadata: &'a Value, packages: &BTreeMap<&'a str, &'a Value>) -> BTreeSet<&'a str> {
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let is_root = |package: &Value| ROOTS.iter().any(|root| package["name"] == *root);
    let mut waiting: Vec<&str> =
        packages.iter().filter(|(_, package)| is_root(package)).map(|(id, _)| *id).collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if seen.insert(id) {
            waiting.extend(nodes.get(id).into_iter().flat_map(|node| needed(node)));
        }
    }
    seen
}

fn needed(node: &Value) -> impl Iterator<Item = &str> {
    let runs = |dependency: &&Value| {
        let kinds = dependency["dep_kinds"].as_array();
        kinds.into_iter().flatten().any(|kind| kind["kind"].is_null())
    };
    node["deps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(runs)
        .filter_map(|dependency| dependency["pkg"].as_str())
}

fn component(package: &Value) -> Value {
    let (name, version) = (&package["name"], &package["version"]);
    let mut component = json!({"type": "library", "name": name, "version": version});
    if package["source"].is_string() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        component["purl"] = json!(format!("pkg:cargo/{}@{}", text(name), text(version)));
    }
    if let Some(license) = package["license"].as_str() {
        component["licenses"] = json!([{"expression": license.replace('/', " OR ")}]);
    }
    component
}
