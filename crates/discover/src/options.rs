//! Where to look.

use serde::{Deserialize, Serialize};

/// Where the driver is and what else to look through. All paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Root of the driver's files; `/` for a driver installed normally.
    pub driver_root: String,
    /// Device nodes are below `<dev_root>/dev`.
    pub dev_root: String,
    /// Directories of configuration files, below the driver root; empty: `/etc`, `/usr/local/share`,
    /// `/usr/share`.
    pub config_search_paths: Vec<String>,
    /// Directories of libraries, below the driver root; empty: the distributions' usual ones, then
    /// those in `ld.so.cache`.
    pub library_search_paths: Vec<String>,
    /// Directories of programs that come before the usual ones.
    pub executable_search_paths: Vec<String>,
    /// The settings file; the inventory is made anew when it changes.
    pub settings_file: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            driver_root: "/".to_owned(),
            dev_root: "/".to_owned(),
            config_search_paths: Vec::new(),
            library_search_paths: Vec::new(),
            executable_search_paths: Vec::new(),
            settings_file: "/etc/nvidia-container-runtime/config.toml".to_owned(),
        }
    }
}

impl Options {
    /// The driver root as a prefix of paths: empty for `/`.
    pub(crate) fn driver_prefix(&self) -> &str {
        self.driver_root.trim_end_matches('/')
    }

    /// The dev root as a prefix of paths: empty for `/`.
    pub(crate) fn dev_prefix(&self) -> &str {
        self.dev_root.trim_end_matches('/')
    }
}
