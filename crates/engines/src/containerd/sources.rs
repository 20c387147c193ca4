//! What containerd reads: its configuration, the files that it imports, and what it says of itself.

use crate::toml_tree::{self, Node, Tree, read, wrong_kind};
use crate::{Files, Release, codes};
use diag::{Finding, Result, Severity};
use host::Host;
use std::collections::VecDeque;

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
    /// Whether a containerd before 2.0 may read this: where there is neither one nor its file, nothing
    /// reads it yet.
    pub(super) may_be_old: bool,
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
        let Imports { earlier, later, names_drop_in: imports_drop_in } =
            Imports::follow(host, files, &config_tree)?;
        let drop_in = host.read_optional(files.drop_in)?;
        let dumped =
            files.dumped.map(|bytes| read("the answer of `containerd config dump`", bytes)).transpose()?;
        // A file of nothing but what we put there is not somebody's configuration.
        let others = config_tree.keys().any(|key| key != "imports" && key != "version");
        let is_here = others || crate::installed(host, "containerd").is_some();
        let may_be_old = files.release.map_or(is_here, |release| release < Release(2, 0));
        let mut sources = Self {
            may_be_old,
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

/// The files that the configuration imports, in the order in which containerd reads them: those of
/// one file after each other, and those that they import after all of them.
#[derive(Default)]
struct Imports {
    earlier: Vec<(String, Tree)>,
    later: Vec<(String, Tree)>,
    names_drop_in: bool,
}

impl Imports {
    fn follow(host: &Host, files: &Files<'_>, config: &Tree) -> Result<Self> {
        let mut found = Self::default();
        let mut pending = VecDeque::new();
        let mut seen = vec![files.config.to_owned()];
        found.queue(host, files, files.config, config, &mut pending)?;
        let mut passed = false;
        while let Some(path) = pending.pop_front() {
            if seen.contains(&path) {
                continue;
            }
            seen.push(path.clone());
            passed |= path == files.drop_in;
            let Some(bytes) = host.read_optional(&path)?.filter(|_| path != files.drop_in) else { continue };
            let tree = read(&path, &bytes)?;
            found.queue(host, files, &path, &tree, &mut pending)?;
            if passed { &mut found.later } else { &mut found.earlier }.push((path, tree));
        }
        Ok(found)
    }

    fn queue(
        &mut self,
        host: &Host,
        files: &Files<'_>,
        path: &str,
        tree: &Tree,
        pending: &mut VecDeque<String>,
    ) -> Result<()> {
        for pattern in imports(path, tree)? {
            self.names_drop_in |= names(&pattern, path, files.drop_in);
            pending.extend(matched(host, &absolute(&pattern, path), files.drop_in)?);
        }
        Ok(())
    }
}

/// The files that an import names, sorted; our drop-in is among them whether it exists or not.
fn matched(host: &Host, pattern: &str, drop_in: &str) -> Result<Vec<String>> {
    let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    if !name.contains(['*', '?']) {
        return Ok(vec![pattern.to_owned()]);
    }
    let entries = host.list_optional(folder)?.unwrap_or_default();
    let names = entries.iter().filter(|entry| glob(name.as_bytes(), entry.name.as_bytes()));
    let mut paths: Vec<String> = names.map(|entry| format!("{folder}/{}", entry.name)).collect();
    if matches(pattern, drop_in) {
        paths.push(drop_in.to_owned());
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

/// Whether an import names our drop-in on every containerd: before 2.0 a relative pattern with
/// wildcards was looked up in the working directory, a relative path beside the file.
fn names(pattern: &str, file: &str, drop_in: &str) -> bool {
    let everywhere = pattern.starts_with('/') || !pattern.contains('*');
    everywhere && matches(&absolute(pattern, file), drop_in)
}

fn absolute(pattern: &str, file: &str) -> String {
    let parent = file.rsplit_once('/').map_or("", |(parent, _)| parent);
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
