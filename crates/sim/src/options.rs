//! What `longshore sim run` is asked for.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A run of one command in a simulated host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOptions {
    /// Name of a preset, or path of a description that ends in `.toml`.
    pub host: String,
    /// An unpacked root that becomes `/`, in a pid namespace of its own; `None` keeps the machine's `/`.
    pub root: Option<PathBuf>,
    /// Which control groups the command sees.
    pub cgroup: Cgroup,
    /// Directories that appear at the same path inside `root`, writable.
    pub share: Vec<PathBuf>,
    /// Variables that the command gets in addition. With `root` the command gets nothing else but
    /// `PATH` and `HOME`; without, the caller's environment.
    pub environment: Vec<(String, String)>,
    /// Whether containers started inside get `/proc/driver`, as they would from the kernel.
    pub container_proc: bool,
    /// The command and its arguments.
    pub command: Vec<String>,
    /// The running executable: it starts itself again inside the simulation.
    pub executable: PathBuf,
}

/// A layout of `/sys/fs/cgroup`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cgroup {
    /// As the machine has it.
    #[default]
    Host,
    /// Version 1 alone.
    V1,
    /// Version 2 alone.
    V2,
    /// Version 1 with a version 2 tree at `unified`.
    Hybrid,
}

impl Cgroup {
    /// The layout that `--cgroup` names.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "host" => Some(Self::Host),
            "v1" => Some(Self::V1),
            "v2" => Some(Self::V2),
            "hybrid" => Some(Self::Hybrid),
            _ => None,
        }
    }
}
