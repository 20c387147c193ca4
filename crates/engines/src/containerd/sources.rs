//! What containerd reads: its configuration, the files that it imports, and what it says of itself.

use crate::toml_tree::{self, Node, Tree, read, wrong_kind};
use crate::{Files, codes};
use diag::{Finding, Result, Severity};
use host::Host;

/// The files of one containerd.
pub(super) struct Sources {
    /// Bytes of the configuration file.
    pub(super) config: Option<Vec<u8>>,
    /// What it says.
    pub(super) config_tree: Tree,
    /// Bytes of our drop-in.
    pub(super) drop_in: Option<Vec<u8>>,
    /// Whether the configuration imports our drop-in.
    pub(super) imports_drop_in: bool,
    /// Files imported before our drop-in, in order.
    pub(super) earlier: Vec<(String, Tree)>,
    /// Files imported after it.
    pub(super) later: Vec<(String, Tree)>,
    /// What containerd itself says, where that is to be used.
    pub(super) dumped: Option<Tree>,
    findings: Vec<Finding>,
}

impl Sources {
    /// Reads the files.
    ///
    /// # Errors
    /// One of them cannot be read, or is not TOML, or `imports` is no list of strings.
    pub(super) fn read(host: &Host, files: &Files<'_>) -> Result<Self> {
        let config = host.read_optional(files.config)?;
        let config_tree = read(files.config, config.as_deref().unwrap_or_default())?;
        let patterns = imports(files.config, &config_tree)?;
        let imports_drop_in = patterns.iter().any(|pattern| names(pattern, files));
        let mut paths: Vec<String> = Vec::new();
        for pattern in &patterns {
            for path in matched(host, pattern, files)? {
                if !paths.contains(&path) {
                    paths.push(path);
                }
            }
        }
        let ours = paths.iter().position(|path| path == files.drop_in).unwrap_or(paths.len());
        let later = trees(host, paths.get(ours + 1..).unwrap_or_default())?;
        let earlier = trees(host, paths.get(..ours).unwrap_or_default())?;
        let drop_in = host.read_optional(files.drop_in)?;
        let dumped =
            files.dumped.map(|bytes| read("the answer of `containerd config dump`", bytes)).transpose()?;
        let mut sources = Self {
            config,
            config_tree,
            drop_in,
            imports_drop_in,
            earlier,
            later,
            dumped,
            findings: Vec::new(),
        };
        sources.reconcile(files)?;
        Ok(sources)
    }

    /// The version in which the configuration is written. A file without one is of version 1; where
    /// nothing is written yet, 2 is what every supported containerd reads.
    pub(super) fn version(&self) -> Result<i64> {
        match &self.dumped {
            Some(dumped) => version("the answer of `containerd config dump`", dumped),
            None if self.config_tree.is_empty() => Ok(2),
            None => version("the configuration of containerd", &self.config_tree),
        }
    }

    /// What was noticed while reading.
    pub(super) fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// containerd 2 says everything in its newest version, but refuses a drop-in that is newer than
    /// the file that imports it: then the file counts.
    fn reconcile(&mut self, files: &Files<'_>) -> Result<()> {
        let Some(dumped) = self.dumped.as_ref().filter(|_| !self.config_tree.is_empty()) else {
            return Ok(());
        };
        let (said, written) = (version("containerd", dumped)?, version(files.config, &self.config_tree)?);
        if said != written {
            let message = format!(
                "{} is of version {written}, while containerd shows its configuration in version {said}; using the file",
                files.config
            );
            self.findings.push(Finding::new(codes::NO_DUMP, Severity::Warning, message));
            self.dumped = None;
        }
        Ok(())
    }
}

fn version(path: &str, tree: &Tree) -> Result<i64> {
    match tree.get("version") {
        None => Ok(1),
        Some(Node::Value(number)) => match number.parse::<i64>() {
            Ok(number) if number >= 1 => Ok(number),
            _ => Err(wrong_kind(path, "version", "a number from 1")),
        },
        Some(Node::Table(_)) => Err(wrong_kind(path, "version", "a number from 1")),
    }
}

fn imports(path: &str, tree: &Tree) -> Result<Vec<String>> {
    match tree.get("imports") {
        None => Ok(Vec::new()),
        Some(Node::Value(list)) if list.starts_with('[') => Ok(toml_tree::texts_of(list)),
        Some(_) => Err(wrong_kind(path, "imports", "a list of strings")),
    }
}

fn trees(host: &Host, paths: &[String]) -> Result<Vec<(String, Tree)>> {
    let mut trees = Vec::new();
    for path in paths {
        if let Some(bytes) = host.read_optional(path)? {
            trees.push((path.clone(), read(path, &bytes)?));
        }
    }
    Ok(trees)
}

/// The files that an import names, sorted; our drop-in is among them whether it exists or not.
fn matched(host: &Host, pattern: &str, files: &Files<'_>) -> Result<Vec<String>> {
    let pattern = absolute(pattern, files);
    let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", &pattern));
    if !name.contains(['*', '?']) {
        return Ok(vec![pattern]);
    }
    let entries = host.list_optional(folder)?.unwrap_or_default();
    let names = entries.iter().filter(|entry| glob(name.as_bytes(), entry.name.as_bytes()));
    let mut paths: Vec<String> = names.map(|entry| format!("{folder}/{}", entry.name)).collect();
    if matches(&pattern, files.drop_in) {
        paths.push(files.drop_in.to_owned());
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Whether an import names our drop-in on every containerd: before 2.0 a relative pattern with
/// wildcards was looked up in the working directory, a relative path beside the file.
fn names(pattern: &str, files: &Files<'_>) -> bool {
    let everywhere = pattern.starts_with('/') || !pattern.contains('*');
    everywhere && matches(&absolute(pattern, files), files.drop_in)
}

fn absolute(pattern: &str, files: &Files<'_>) -> String {
    let parent = files.config.rsplit_once('/').map_or("", |(parent, _)| parent);
    if pattern.starts_with('/') { pattern.to_owned() } else { format!("{parent}/{pattern}") }
}

/// Whether a pattern names a path: wildcards in its last part, as Go's `filepath.Match` reads them.
fn matches(pattern: &str, path: &str) -> bool {
    match (pattern.rsplit_once('/'), path.rsplit_once('/')) {
        (Some((folder, pattern)), Some((parent, name))) => {
            folder == parent && glob(pattern.as_bytes(), name.as_bytes())
        }
        _ => false,
    }
}

fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) if glob(rest, name) => true,
        (Some((b'*', _)), Some((_, tail))) => glob(pattern, tail),
        (Some((letter, rest)), Some((first, tail))) => {
            (*letter == b'?' || letter == first) && glob(rest, tail)
        }
        _ => false,
    }
}
