//! What was seen on a machine: one serialisable value, collected once.
//!
//! Nothing is executed to collect it: `/proc`, `/sys`, sockets and files are read, as root or as an
//! ordinary user. Of configuration files and environments only the keys named here are kept:
//! they can hold credentials.

mod caller;
mod client;
mod collect;
mod configuration;
mod daemon;
mod driver;
mod engine;
mod gpus;
mod installed;
mod known;
mod look;
mod machine;
mod nodes;
mod toolkit;

pub use caller::Caller;
pub use client::{Client, ContextEntry, Credentials, Endpoint, Source, Transport};
pub use collect::collect;
pub use configuration::{Configuration, DaemonJson, RuntimeEntry};
pub use daemon::{Daemon, FoundBy};
pub use driver::{DriverFiles, ModuleFlavour};
pub use engine::{Answer, Connection, Engine, Peer, SocketSeen};
pub use gpus::PciGpu;
pub use installed::Installed;
pub use known::{Known, Reason};
pub use machine::{Machine, Platform};
pub use nodes::{DeviceNode, Nodes};
pub use toolkit::{CDI_HOOK, HOOK, Program, STANDARD_DIRECTORIES, Toolkit};

use diag::Failure;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Version of the serialised form of [`Facts`]; raised when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// What the caller asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Docker context to look at instead of the client's own choice (`--context`).
    pub context: Option<String>,
    /// Socket of the daemon, instead of any context (`--socket`): a path or a `unix://` address.
    pub socket: Option<String>,
    /// Folder of Longshore's own programs, for remedies that put them in place.
    pub own_directory: Option<String>,
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
}

impl Facts {
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
