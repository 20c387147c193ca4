//! Container engines: where their configuration lies, what it says, and the plan that makes it say
//! what is wanted. One folder per engine and one line in [`ENGINES`].
//!
//! Nothing here writes: a [`Proposal`] holds a `plan::Plan` for `host::HostMut` to carry out.

pub mod codes;
pub mod docker;

use diag::{Finding, Result};
use host::Host;
use plan::Plan;

/// One engine.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    /// Name in `--runtime=NAME`, for example `docker`.
    pub name: &'static str,
    /// Its configuration file when the caller names none.
    pub default_config: &'static str,
    /// The name or path of the runtime shim when the caller names none.
    pub default_runtime_path: &'static str,
    /// Where the engine is installed.
    pub detect: fn(&Host) -> Vec<Installation>,
    /// Reads the configuration file and proposes the change.
    pub propose: fn(&Host, &str, &Desired) -> Result<Proposal>,
}

/// Every engine that can be configured.
pub static ENGINES: &[Engine] = &[docker::ENGINE];

/// The engine of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Engine> {
    ENGINES.iter().find(|engine| engine.name == name)
}

/// One installation of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// How it came here.
    pub kind: InstallationKind,
    /// Its configuration file, whether it exists or not.
    pub config: String,
    /// The daemon's executable, where one was found.
    pub program: Option<String>,
}

/// How an engine came to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallationKind {
    /// A package of the distribution or of the vendor, run by root.
    System,
    /// Run by a user without privileges.
    Rootless,
    /// A snap, confined.
    Snap,
}

/// What an engine's configuration shall say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// Name under which the runtime is registered, for example `nvidia`.
    pub runtime_name: String,
    /// Path of the runtime, or its name when the engine looks in PATH.
    pub runtime_path: String,
    /// Whether it shall be the default runtime. `false` leaves the default as it is.
    pub set_as_default: bool,
    /// Whether the engine's CDI support shall be switched on. `false` leaves it as it is.
    pub enable_cdi: bool,
}

/// A proposed change of one configuration file.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The change; empty when the file already says what is wanted.
    pub plan: Plan,
    /// The whole text of the file after the change.
    pub text: String,
    /// Whether the file exists.
    pub exists: bool,
    /// What was noticed in the file that stands there.
    pub findings: Vec<Finding>,
}
