//! Cases as they lie on disk.

use diag::{Failure, Result, ResultExt};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One case. In its texts `$BIN` stands for the folder of binaries and `$DIR` for the directory
/// made for the run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Name: that of its folder.
    #[serde(skip)]
    pub name: String,
    /// Its folder.
    #[serde(skip)]
    pub folder: PathBuf,
    /// Program, found in the folder of binaries, and arguments.
    pub argv: Vec<String>,
    /// Exit status of the original.
    #[serde(default)]
    pub exit: i32,
    /// How standard output is compared.
    pub stdout: Compare,
    /// How standard error is compared.
    pub stderr: Compare,
    /// The simulated machine; without it the case runs on this one.
    pub host: Option<Machine>,
    /// Files below `$DIR`, and where they lie among the cases.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Settings of the runtime; with them a bundle is made and its `config.json` compared.
    pub settings: Option<Settings>,
    /// Variables of the container, after `PATH`.
    #[serde(default)]
    pub container_env: Vec<String>,
    /// What a shell does on the machine before the command; `$CASE` is the case's folder.
    pub setup: Option<String>,
}

/// How an output is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compare {
    /// Not at all.
    Ignored,
    /// Line by line.
    Text,
    /// As a help text: its sections, the names in them and the variables they can be set by, but not
    /// the words that describe them.
    Help,
    /// As a CDI specification.
    Cdi,
    /// As log lines: level and message, without time.
    Log,
    /// As log lines of level error and above, and lines that are no log lines.
    Errors,
}

/// The simulated machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The preset that it is; `conformance` where nothing is said.
    #[serde(default)]
    pub preset: Option<String>,
    /// Indices of GPUs that NVML does not report.
    #[serde(default)]
    pub lost_gpus: Vec<u32>,
}

/// The `config.toml` of a case, as far as cases differ.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `nvidia-container-runtime.mode`.
    pub mode: String,
}

/// What a command answered, with placeholders instead of the places of this run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Exit status; `None` when a signal ended it.
    pub exit: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The `config.json` that the low-level runtime was handed; `None` when it was not called.
    pub config: Option<String>,
}

impl Case {
    /// What the original answered.
    ///
    /// # Errors
    /// When a recorded file cannot be read.
    pub fn recorded(&self) -> Result<Outcome> {
        let text = |name: &str| Ok(self.optional(name)?.unwrap_or_default());
        Ok(Outcome {
            exit: Some(self.exit),
            stdout: text("recorded.stdout")?,
            stderr: text("recorded.stderr")?,
            config: self.optional("recorded.config.json")?,
        })
    }

    /// The bundle's `config.json` before the run.
    ///
    /// # Errors
    /// When the shared `bundle.json` cannot be read.
    pub fn bundle(&self) -> Result<String> {
        let path = self.folder.with_file_name("bundle.json");
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let variables: String =
            self.container_env.iter().map(|variable| format!(", \"{variable}\"")).collect();
        Ok(text.replacen(", \"$ENV\"", &variables, 1))
    }

    fn optional(&self, name: &str) -> Result<Option<String>> {
        let path = self.folder.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(Failure::new(format!("cannot read {}", path.display())).caused_by(cause)),
        }
    }
}

/// Reads all cases below a directory, sorted by name.
///
/// # Errors
/// When a case cannot be read, or says something unknown.
pub fn load(directory: &Path) -> Result<Vec<Case>> {
    let reading = || format!("cannot read cases in {}", directory.display());
    let entries: std::io::Result<Vec<_>> = std::fs::read_dir(directory).with_context(reading)?.collect();
    let mut folders: Vec<PathBuf> =
        entries.with_context(reading)?.into_iter().map(|entry| entry.path()).collect();
    folders.retain(|folder| folder.join("case.toml").is_file());
    folders.sort();
    folders.into_iter().map(read).collect()
}

fn read(folder: PathBuf) -> Result<Case> {
    let path = folder.join("case.toml");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut case: Case =
        toml_edit::de::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))?;
    case.name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    case.folder = folder;
    Ok(case)
}
