//! The dependency closures of the workspace's packages, as `cargo metadata` resolves them.

use crate::root;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Normal and build dependencies (no dev-dependencies) of every package in the graph, by name.
#[derive(Debug)]
pub struct Graph {
    edges: BTreeMap<String, BTreeSet<String>>,
    members: BTreeSet<String>,
}

impl Graph {
    /// Asks cargo, without network.
    ///
    /// # Panics
    /// When cargo cannot resolve the workspace.
    #[must_use]
    pub fn load() -> Self {
        let output = Command::new(env!("CARGO"))
            .args([
                "metadata",
                "--format-version=1",
                "--locked",
                "--filter-platform=x86_64-unknown-linux-gnu",
            ])
            .current_dir(root())
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        Self::from_metadata(&serde_json::from_slice(&output.stdout).expect("cargo prints JSON"))
    }

    fn from_metadata(metadata: &Value) -> Self {
        let names: BTreeMap<&str, &str> = array(&metadata["packages"])
            .map(|package| (text(&package["id"]), text(&package["name"])))
            .collect();
        let edges = array(&metadata["resolve"]["nodes"])
            .map(|node| (names[text(&node["id"])].to_owned(), direct_dependencies(node, &names)))
            .collect();
        let members = array(&metadata["workspace_members"])
            .map(|id| names[id.as_str().unwrap_or_default()].to_owned())
            .collect();
        Self { edges, members }
    }

    /// Names of the workspace's own packages.
    #[must_use]
    pub fn members(&self) -> &BTreeSet<String> {
        &self.members
    }

    /// Everything that `package` reaches, itself excluded.
    #[must_use]
    pub fn closure(&self, package: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![package.to_owned()];
        while let Some(name) = waiting.pop() {
            for dependency in self.edges.get(&name).into_iter().flatten() {
                if reached.insert(dependency.clone()) {
                    waiting.push(dependency.clone());
                }
            }
        }
        reached
    }
}

fn direct_dependencies(node: &Value, names: &BTreeMap<&str, &str>) -> BTreeSet<String> {
    array(&node["deps"])
        .filter(|dependency| array(&dependency["dep_kinds"]).any(|kind| kind["kind"] != "dev"))
        .map(|dependency| names[text(&dependency["pkg"])].to_owned())
        .collect()
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
