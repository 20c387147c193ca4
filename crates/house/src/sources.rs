//! The workspace's source files: their sizes, first lines and functions.

use crate::root;
use std::fs;
use std::path::{Path, PathBuf};

/// One source file.
#[derive(Debug)]
pub struct Source {
    /// Path relative to the workspace's root.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// One function: where it starts and how many lines it has.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Lines from the signature to the closing brace.
    pub lines: usize,
}

/// All Rust files of the workspace's own crates, generated and fixture folders left out.
#[must_use]
pub fn rust_files() -> Vec<Source> {
    let mut files = Vec::new();
    for folder in ["crates", "bins", "xtask"] {
        collect(&root().join(folder), "rs", &mut files);
    }
    files
}

/// All files with one of `extensions` in the whole project, build results left out.
#[must_use]
pub fn files_with(extensions: &[&str]) -> Vec<Source> {
    let mut files = Vec::new();
    for extension in extensions {
        collect(&root(), extension, &mut files);
    }
    files
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<Source>) {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_symlink()
            || name == "target"
            || (name.starts_with('.') && name != ".ci" && name != ".cargo")
        {
            continue;
        }
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|found| found == extension) {
            let relative = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
            files.push(Source { path: relative, text: fs::read_to_string(&path).unwrap_or_default() });
        }
    }
}

impl Source {
    /// The lines before the file's inline test module.
    pub fn production_lines(&self) -> impl Iterator<Item = &str> {
        self.text.lines().take_while(|line| *line != "#[cfg(test)]")
    }

    /// Whether the file belongs to tests, benches, examples or development tools.
    #[must_use]
    pub fn is_test_code(&self) -> bool {
        ["/tests/", "/benches/", "/examples/"].iter().any(|part| self.path.contains(part))
            || self.path.ends_with("/tests.rs")
    }

    /// The functions of the production part, by indentation: rustfmt puts the closing brace of a
    /// function in the column of its signature.
    #[must_use]
    pub fn functions(&self) -> Vec<Function> {
        let lines: Vec<&str> = self.production_lines().collect();
        let mut found = Vec::new();
        for (start, line) in lines.iter().enumerate() {
            let Some(name) = function_name(line) else { continue };
            let indent = line.len() - line.trim_start().len();
            let closing = format!("{}}}", " ".repeat(indent));
            let length = lines[start..].iter().position(|line| *line == closing).map_or(1, |last| last + 1);
            found.push(Function { name, lines: length });
        }
        found
    }
}

fn function_name(line: &str) -> Option<String> {
    let mut rest = line.trim_start();
    for word in
        ["pub(crate) ", "pub(super) ", "pub ", "const ", "unsafe ", "extern \"C\" ", "extern \"C-unwind\" "]
    {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let name = rest.strip_prefix("fn ")?;
    Some(name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}
