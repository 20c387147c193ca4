//! The toolkit's own configuration file, `config.toml`.

use super::{Reason, STANDARD_DIRECTORIES, look};
use host::Host;
use serde::{Deserialize, Serialize};
use settings::Settings;

/// The toolkit's configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolkitFile {
    /// Its path, present or not.
    pub path: String,
    /// What stands in it.
    pub content: ToolkitSettings,
}

/// What stands in the file, as far as it decides whether a GPU arrives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolkitSettings {
    /// There is no such file: all defaults.
    Absent,
    /// It does not parse; the text says where.
    Broken(String),
    /// It parses.
    Read {
        /// `nvidia-container-runtime.mode`.
        mode: String,
        /// `nvidia-container-cli.no-cgroups`.
        no_cgroups: bool,
        /// `nvidia-container-cli.root`, when it is set.
        root: Option<String>,
        /// Whether that root is a directory.
        root_exists: Option<bool>,
        /// `nvidia-container-runtime.runtimes`, when none of them is there.
        #[serde(default)]
        missing_runtimes: Vec<String>,
        /// `accept-nvidia-visible-devices-envvar-when-unprivileged` is `false`.
        #[serde(default)]
        refuses_variable: bool,
        /// `nvidia-container-runtime.modes.cdi.spec-dirs`.
        cdi_directories: Vec<String>,
    },
}

pub(super) fn read(host: &Host) -> Result<ToolkitFile, Reason> {
    let path = settings::location(|name| host.environment().get(name).map(str::to_owned));
    if host.stat(&path).ok().flatten().is_some_and(|stat| stat.is_dir()) {
        return Ok(ToolkitFile { path, content: ToolkitSettings::Broken("it is a directory".to_owned()) });
    }
    let content = match look::text(host, &path)? {
        None => ToolkitSettings::Absent,
        Some(text) => match Settings::parse(&text) {
            Ok((settings, _)) => described(host, &settings),
            Err(failure) => ToolkitSettings::Broken(look::without_values(&failure.line())),
        },
    };
    Ok(ToolkitFile { path, content })
}

/// In place of a word that is no mode: it may be anything, and is not shown.
pub const UNKNOWN_MODE: &str = "unknown";

fn mode(word: &str) -> String {
    let known = ["auto", "legacy", "csv", "cdi", "jit-cdi"].contains(&word);
    if known { word.to_owned() } else { UNKNOWN_MODE.to_owned() }
}

/// The candidates, when the shim would find none of them: names in its usual folders, or paths.
fn missing_runtimes(host: &Host, candidates: &[String]) -> Vec<String> {
    let is_there = |name: &String| match name.starts_with('/') {
        true => host.exists(name),
        false => STANDARD_DIRECTORIES.iter().any(|folder| host.exists(&format!("{folder}/{name}"))),
    };
    if candidates.iter().any(is_there) { Vec::new() } else { candidates.to_vec() }
}

fn described(host: &Host, settings: &Settings) -> ToolkitSettings {
    let root = Some(settings.cli.root.clone()).filter(|root| !root.is_empty() && root != "/");
    let root_exists = root
        .as_ref()
        .and_then(|root| host.stat(root).ok())
        .map(|stat| stat.is_some_and(|stat| stat.is_dir()));
    ToolkitSettings::Read {
        mode: mode(&settings.runtime.mode),
        no_cgroups: settings.cli.no_cgroups,
        root,
        root_exists,
        missing_runtimes: missing_runtimes(host, &settings.runtime.runtimes),
        refuses_variable: !settings.accept_envvar_when_unprivileged,
        cdi_directories: settings.runtime.modes.cdi_spec_dirs.clone(),
    }
}
