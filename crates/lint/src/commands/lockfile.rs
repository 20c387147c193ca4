//! `uv.lock`: which versions a project always gets, and from which index.
//!
//! The file is written by uv, one entry on a line; only packages that the project itself needs
//! without a condition are given, and of those only such as have one version.

use super::requirements::{Requirement, normalised};
use crate::text::Span;
use std::collections::{HashMap, HashSet};

/// A `[[package]]`.
#[derive(Debug, Default)]
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    source: &'a str,
    span: Span,
    needs: Vec<&'a str>,
}

/// The packages that every installation of the project has and that come from an index: those of
/// the default index with their version, those of another one with its address.
#[must_use]
pub fn installed(text: &str) -> Vec<Requirement> {
    let packages = packages(text);
    let mut by_name: HashMap<&str, Vec<&Package<'_>>> = HashMap::new();
    for package in &packages {
        by_name.entry(package.name).or_default().push(package);
    }
    let is_project = |package: &&Package<'_>| {
        ["virtual = \".\"", "editable = \".\""].iter().any(|words| package.source.contains(words))
    };
    let mut waiting: Vec<&str> =
        packages.iter().filter(is_project).flat_map(|package| package.needs.iter().copied()).collect();
    let (mut seen, mut out) = (HashSet::new(), Vec::new());
    while let Some(name) = waiting.pop() {
        if !seen.insert(name) {
            continue;
        }
        let Some([package]) = by_name.get(name).map(Vec::as_slice) else { continue };
        waiting.extend(&package.needs);
        out.extend(requirement(package));
    }
    out.sort_by_key(|requirement| requirement.span);
    out
}

fn requirement(package: &Package<'_>) -> Option<Requirement> {
    let registry = package.source.split("registry = \"").nth(1)?.split('"').next()?;
    let is_default = registry.trim_end_matches('/').ends_with("pypi.org/simple");
    Some(Requirement {
        name: normalised(package.name),
        extras: Vec::new(),
        specifier: format!("=={}", package.version),
        url: (!is_default).then(|| registry.to_owned()),
        span: package.span,
        exact: false,
        origin: None,
    })
}

fn packages(text: &str) -> Vec<Package<'_>> {
    let mut out: Vec<Package<'_>> = Vec::new();
    let (mut at, mut in_needs) = (0, false);
    for raw in text.split_inclusive('\n') {
        let start = at;
        at += raw.len();
        let line = raw.trim_end();
        if line == "[[package]]" {
            out.push(Package::default());
            in_needs = false;
        } else if line.starts_with('[') {
            // Tables below the package: optional and development dependencies.
            in_needs = false;
        }
        let Some(package) = out.last_mut() else { continue };
        let value = |key: &str| line.strip_prefix(key)?.strip_prefix(" = ");
        if let Some(name) = value("name") {
            package.name = name.trim_matches('"');
            package.span = Span::new(start, start + line.len());
        } else if let Some(version) = value("version") {
            package.version = version.trim_matches('"');
            package.span = package.span.to(Span::new(start, start + line.len()));
        } else if let Some(source) = value("source") {
            package.source = source;
        } else if line == "dependencies = [" {
            in_needs = true;
        } else if line == "]" {
            in_needs = false;
        } else if in_needs && !line.contains("marker =") {
            package.needs.extend(line.split("name = \"").nth(1).and_then(|rest| rest.split('"').next()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 1\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\nsource = { virtual = \".\" }\ndependencies = [\n    { name = \"torch\" },\n    { name = \"colorama\", marker = \"sys_platform == 'win32'\" },\n]\n\n[package.optional-dependencies]\nfast = [\n    { name = \"flash-attn\" },\n]\n\n[[package]]\nname = \"flash-attn\"\nversion = \"2.8.3\"\nsource = { registry = \"https://pypi.org/simple\" }\n\n[[package]]\nname = \"torch\"\nversion = \"2.6.0\"\nsource = { registry = \"https://pypi.org/simple\" }\ndependencies = [\n    { name = \"numpy\" },\n]\n\n[[package]]\nname = \"numpy\"\nversion = \"1.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n\n[[package]]\nname = \"numpy\"\nversion = \"2.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n";

    #[test]
    fn what_is_always_installed_is_given_and_nothing_else() {
        let shown: Vec<String> = installed(LOCK)
            .iter()
            .map(|row| format!("{}{} {:?}", row.name, row.specifier, row.url))
            .collect();
        assert_eq!(shown, ["torch==2.6.0 None"]);
    }

    #[test]
    fn another_index_is_said() {
        let text = LOCK.replacen(
            "2.6.0\"\nsource = { registry = \"https://pypi.org/simple\"",
            "2.6.0+cu124\"\nsource = { registry = \"https://x/cu124\"",
            1,
        );
        assert_eq!(installed(&text)[0].url.as_deref(), Some("https://x/cu124"));
    }
}
