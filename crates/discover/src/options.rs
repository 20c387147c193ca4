//! Where to look.

use serde::{Deserialize, Serialize};

/// How a machine is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// As what it is found to be.
    #[default]
    Auto,
    /// As one with GPUs on the PCI bus.
    Nvml,
    /// As a Tegra system, by its mount lists.
    Csv,
    /// As a Windows Subsystem for Linux.
    Wsl,
}

impl Mode {
    /// The mode of a name on the command line.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "nvml" => Self::Nvml,
            "csv" => Self::Csv,
            "wsl" => Self::Wsl,
            _ => return None,
        })
    }
}

/// The mount lists of Tegra systems, and how they are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountLists {
    /// Their directory.
    pub directory: String,
    /// The lists, by absolute paths; empty: those of [`MountLists::directory`].
    pub files: Vec<String>,
    /// Every list of the directory (`NVIDIA_REQUIRE_JETPACK=csv-mounts=all`), not only
    /// `devices.csv`, `drivers.csv` and `l4t.csv`.
    pub all: bool,
    /// Links that are left out: patterns of whole paths, or of names after `**/`.
    pub ignore_patterns: Vec<String>,
    /// Where images keep the compatibility libraries of Orin.
    pub compat_root: String,
    /// Take the machine as one with a single GPU, whatever it has.
    pub single_device: bool,
}

impl Default for MountLists {
    fn default() -> Self {
        Self {
            directory: "/etc/nvidia-container-runtime/host-files-for-container.d".to_owned(),
            files: Vec::new(),
            all: false,
            ignore_patterns: Vec::new(),
            compat_root: "/usr/local/cuda/compat_orin".to_owned(),
            single_device: false,
        }
    }
}

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
    /// The loader's cache whose directories come before the usual ones, below the driver root; `None`:
    /// `/etc/ld.so.cache`, after them.
    pub loader_cache: Option<String>,
    /// Directories of programs that come before the usual ones.
    pub executable_search_paths: Vec<String>,
    /// What kind of machine to look for.
    pub mode: Mode,
    /// The mount lists of Tegra systems.
    pub mount_lists: MountLists,
    /// Also libraries of the driver's family that do not carry its version, such as `libEGL.so`
    /// (`enable-explicit-driver-libraries`).
    pub explicit_libraries: bool,
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
            loader_cache: None,
            executable_search_paths: Vec::new(),
            mode: Mode::default(),
            mount_lists: MountLists::default(),
            explicit_libraries: false,
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
