//! What was seen on a machine: one serialisable value, collected once.
//!
//! Nothing is executed to collect it: `/proc`, `/sys`, sockets and files are read, as root or as an
//! ordinary user. Of configuration files and environments only the keys named here are kept:
//! they can hold credentials.

mod caller;
mod client;
mod collect;
mod configuration;
mod configured;
mod daemon;
mod daemon_keys;
mod driver;
mod engine;
mod entry;
mod gpus;
mod installed;
mod kernel_log;
mod known;
mod look;
mod machine;
mod management;
mod node;
mod nodes;
mod packages;
mod podman;
mod program;
mod question;
mod rpm;
mod scopes;
mod services;
mod specifications;
mod subject;
mod toolkit;

pub use caller::Caller;
pub use client::{Client, ContextEntry, Credentials, Endpoint, Source, Transport};
pub use collect::collect;
pub use configuration::{Configuration, DaemonJson, FileOfUser, GivenTwice, RuntimeEntry};
pub use configured::{ToolkitFile, ToolkitSettings, UNKNOWN_MODE};
pub use daemon::{Daemon, FoundBy};
pub use driver::{DriverFiles, ModuleFlavour};
pub use engine::{Answer, Connection, Engine, Peer, SocketSeen};
pub use entry::{FaultyRuntime, RuntimeFault};
pub use gpus::PciGpu;
pub use installed::Installed;
pub use kernel_log::{KernelLog, Xid};
pub use known::{Known, Reason};
pub use machine::{Machine, Platform};
pub use management::{AskNvml, ManagedGpu, Management};
pub use node::{NodeConfig, NodeKind, NodeRuntime, NodeTemplate};
pub use nodes::{DeviceNode, Nodes};
pub use packages::Package;
pub use podman::Podman;
pub use question::{EngineKind, Question};
pub use scopes::Scope;
pub use services::Services;
pub use specifications::{
    STANDARD_CDI_DIRECTORIES, SpecificationContent, SpecificationFile, SpecificationSeen, Specifications,
};
pub use subject::{Inside, Subject};
pub use toolkit::{CDI_HOOK, HOOK, Maker, Program, STANDARD_DIRECTORIES, Toolkit};

use crate::probe::Probe;
use diag::Failure;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Version of the serialised form of [`Facts`]; raised when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// What the caller asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Docker context to look at instead of the client's own choice (`--context`).
    pub context: Option<String>,
    /// Socket of the daemon, instead of any context (`--socket`): a path or a `unix://` address.
    pub socket: Option<String>,
    /// Folder of Longshore's own programs, for remedies that put them in place.
    pub own_directory: Option<String>,
    /// The engine to look at; `None` chooses the one that is there.
    pub engine: Option<EngineKind>,
    /// An image to look at (`--image`).
    pub image: Option<String>,
    /// A running container to look at (`--container`).
    pub container: Option<String>,
    /// How NVML is asked; without it it is not.
    pub nvml: Option<AskNvml>,
    /// Deadline of NVML.
    pub nvml_deadline: Duration,
    /// Deadline of each look at files.
    pub deadline: Duration,
    /// Deadline of the engine's answer: Docker runs its runtimes' `--version` to give it.
    pub engine_deadline: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            context: None,
            socket: None,
            own_directory: None,
            engine: None,
            image: None,
            container: None,
            nvml: None,
            nvml_deadline: Duration::from_millis(900),
            deadline: Duration::from_millis(300),
            engine_deadline: Duration::from_millis(1500),
        }
    }
}

/// Everything that was seen, each part known or with the reason why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// What was asked.
    #[serde(default)]
    pub question: Question,
    /// The operating system.
    pub machine: Known<Machine>,
    /// The user.
    pub caller: Known<Caller>,
    /// NVIDIA GPUs on the PCI bus.
    pub gpus: Known<Vec<PciGpu>>,
    /// Kernel module and user space libraries.
    pub driver: Known<DriverFiles>,
    /// Device nodes.
    pub nodes: Known<Nodes>,
    /// Which Docker programs are installed.
    pub installed: Known<Installed>,
    /// The Docker client's configuration and its choice of a daemon.
    pub client: Known<Client>,
    /// The daemon's socket and what it answered.
    pub engine: Known<Engine>,
    /// Other sockets on which a Docker daemon could be.
    pub sockets: Known<Vec<SocketSeen>>,
    /// The daemon's process.
    pub daemon: Known<Daemon>,
    /// The daemon's configuration file.
    pub configuration: Known<Configuration>,
    /// The programs that bring a GPU into a container.
    pub toolkit: Known<Toolkit>,
    /// The toolkit's configuration file.
    #[serde(default = "not_in_these")]
    pub settings: Known<ToolkitFile>,
    /// CDI specifications.
    #[serde(default = "not_in_these")]
    pub specifications: Known<Specifications>,
    /// What NVML answered.
    #[serde(default = "not_in_these")]
    pub management: Known<Management>,
    /// Fabric manager, persistence daemon, NVSwitches.
    #[serde(default = "not_in_these")]
    pub services: Known<Services>,
    /// What the kernel said of the driver.
    #[serde(default = "not_in_these")]
    pub kernel_log: Known<KernelLog>,
    /// Versions of installed packages.
    #[serde(default = "not_in_these")]
    pub packages: Known<Vec<Package>>,
    /// Podman.
    #[serde(default = "not_in_these")]
    pub podman: Known<Podman>,
    /// The container runtime of a Kubernetes node; `None`: there is none.
    #[serde(default = "not_in_these")]
    pub node: Known<Option<NodeRuntime>>,
    /// The image or container that was asked about; `None`: none was.
    #[serde(default)]
    pub subject: Option<Known<Subject>>,
    /// How a container that was started for the purpose ended; `None`: none was started.
    #[serde(default)]
    pub probe: Option<Known<Probe>>,
}

/// Facts of an earlier release lack what it did not look at.
fn not_in_these<T>() -> Known<T> {
    Known::Unknown(Reason::not_asked("it is not in these facts"))
}

impl Facts {
    /// Whether anything of NVIDIA was seen: a GPU, a driver or a toolkit.
    #[must_use]
    pub fn has_nvidia(&self) -> bool {
        self.gpus.known().is_some_and(|gpus| !gpus.is_empty())
            || self.driver.known().is_some_and(|driver| driver.loaded || !driver.libraries.is_empty())
            || self.nodes.known().is_some_and(|nodes| nodes.dxg || !nodes.nodes.is_empty())
            || self.toolkit.known().is_some_and(|toolkit| !toolkit.programs.is_empty())
    }

    /// The facts as one JSON document with a final newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{:#}\n", serde_json::json!(self))
    }

    /// Facts that another run has written.
    ///
    /// # Errors
    /// When it is no JSON, has another form, or comes from a later release.
    pub fn from_json(bytes: &[u8]) -> diag::Result<Self> {
        let facts: Self = serde_json::from_slice(bytes)
            .map_err(|cause| Failure::new("these are not facts of a doctor").caused_by(cause))?;
        if facts.schema != SCHEMA {
            return Err(Failure::new(format!(
                "these facts have schema {}, this release reads {SCHEMA}",
                facts.schema
            )));
        }
        Ok(facts)
    }
}
