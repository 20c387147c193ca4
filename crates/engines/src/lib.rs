//! Container engines: where their configuration lies, what it says, and the plan that makes it say
//! what is wanted. One folder or file per engine and one line in [`ENGINES`].
//!
//! Nothing here writes: a [`Proposal`] holds a `plan::Plan` for `host::HostMut` to carry out.

pub mod codes;
pub mod containerd;
pub mod crio;
mod detect;
pub mod docker;
mod drop_in;
mod dump;
pub mod grpc;
pub mod oci_hook;
pub mod podman;
pub mod rancher;
mod release;
pub mod restart;
mod template;
mod toml_splice;
mod toml_tree;

pub use detect::{Choice, Installation, InstallationKind, Service, Wish, choose, refusal};
pub use dump::{can_tell, dump};
pub use release::{Release, release};

use diag::{Failure, Finding, Result};
use host::Host;
use plan::{Plan, Step};

/// One engine.
#[derive(Clone, Copy, Debug)]
pub struct Engine {
    /// Name in `--runtime=NAME`, for example `docker`.
    pub name: &'static str,
    /// Its configuration file when the caller names none.
    pub default_config: &'static str,
    /// The file of our own that it reads beside its configuration; `None` when it reads one file only.
    pub default_drop_in: Option<&'static str>,
    /// The name or path of the runtime shim when the caller names none.
    pub default_runtime_path: &'static str,
    /// Whether its support for CDI has a switch.
    pub cdi_switch: bool,
    /// The programs, with arguments, that print the configuration in force; the first that is
    /// installed is asked.
    pub dump_commands: &'static [&'static [&'static str]],
    /// How its daemon is told among units and processes; `None` for what has no daemon.
    pub(crate) daemon: Option<&'static detect::Daemon>,
    /// Where the engine is installed.
    pub detect: fn(&Host) -> Vec<Installation>,
    /// What its daemon needs after a plan was carried out.
    pub need: fn(&Plan) -> restart::Need,
    /// Reads the configuration and proposes the change.
    pub propose: fn(&Host, &Files<'_>, &Desired) -> Result<Proposal>,
}

impl Engine {
    /// The installation of the caller, who is no administrator, whether there is one or not; `None`
    /// where the engine has no such form, or nothing tells where the caller's files are.
    #[must_use]
    pub fn rootless(&self, host: &Host) -> Option<Installation> {
        match self.daemon {
            Some(daemon) => daemon.rootless(host),
            None if self.name == podman::ENGINE.name => podman::rootless(host),
            None => None,
        }
    }
}

/// Every engine that can be configured.
pub static ENGINES: &[Engine] =
    &[docker::ENGINE, containerd::ENGINE, crio::ENGINE, podman::ENGINE, rancher::K3S, rancher::RKE2];

/// The engine of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Engine> {
    ENGINES.iter().find(|engine| engine.name == name)
}

/// The files of one engine, and what it says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// The configuration file.
    pub config: &'a str,
    /// The drop-in file of our own, for engines that read such.
    pub drop_in: &'a str,
    /// What [`dump`] got, where the configuration is to be taken from the engine and not from files.
    pub dumped: Option<&'a [u8]>,
    /// The engine's release, where it is known.
    pub release: Option<Release>,
}

/// What an engine's configuration shall say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// Name under which the runtime is registered, for example `nvidia`.
    pub runtime_name: String,
    /// Path of the runtime, or its name when the engine looks in PATH.
    pub runtime_path: String,
    /// Whether it shall be the default runtime. `false` leaves the default of files that are not
    /// ours as it is.
    pub set_as_default: bool,
    /// Whether the engine's CDI support shall be switched on. `false` leaves it as it is.
    pub enable_cdi: bool,
}

/// A proposed change of an engine's configuration.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The change; empty when the files already say what is wanted.
    pub plan: Plan,
    /// The files as they will be, whether they change or not.
    pub files: Vec<ProposedFile>,
    /// Whether there is a configuration to start from.
    pub exists: bool,
    /// What was found out about the engine, for the log.
    pub notes: Vec<String>,
    /// What was noticed in the files that stand there.
    pub findings: Vec<Finding>,
}

/// One file of a [`Proposal`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedFile {
    /// What it is, where there are several: `Drop-in config`.
    pub title: Option<&'static str>,
    /// Its path.
    pub path: String,
    /// Its whole text after the change.
    pub text: String,
}

/// The plan with a step that makes a file say this, unless it does.
fn write_step(plan: Plan, path: &str, before: Option<Vec<u8>>, after: &str) -> Plan {
    if before.as_deref() == Some(after.as_bytes()) {
        return plan;
    }
    plan.step(Step::Write { path: path.to_owned(), before, after: after.as_bytes().to_vec(), mode: 0o644 })
}

/// The first of these programs that is on the machine.
fn installed(host: &Host, name: &str) -> Option<String> {
    let folders = ["/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin"];
    folders.into_iter().map(|folder| format!("{folder}/{name}")).find(|path| host.exists(path))
}

/// What engines with TOML demand of a runtime: a name, and the absolute path of a program.
fn check_runtime(desired: &Desired) -> Result<()> {
    let Desired { runtime_name: name, runtime_path: path, .. } = desired;
    let problem = if name.is_empty() || name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        format!("runtime name {name:?} is empty or has blanks")
    } else if ["runc", "crun"].contains(&name.as_str()) {
        format!("runtime name `{name}` means another runtime")
    } else if !path.starts_with('/') || path.chars().any(char::is_control) {
        format!("runtime path {path:?} is not an absolute path")
    } else {
        return Ok(());
    };
    Err(Failure::coded(codes::BAD_RUNTIME, problem))
}
