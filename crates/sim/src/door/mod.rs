//! The part that acts: it makes namespaces, mounts, files and processes. Everything it makes lies in
//! a mount namespace of its own and ends with the last process in there; nothing needs undoing, so
//! nothing is left behind however the simulation ends.
#![expect(clippy::disallowed_methods, reason = "the simulation's door: namespaces, mounts, files, processes")]

mod artefacts;
mod cgroups;
mod dev;
pub(crate) mod files;
mod graft;
mod host;
mod init;
mod launcher;
mod materialise;
pub(crate) mod mounts;
mod orders;
mod root;
mod runtimes;
mod simulate;
mod sweeper;
mod system;

pub(crate) use init::{INIT_ARGUMENT, init};
pub use launcher::run;
pub(crate) use sweeper::{SWEEPER_ARGUMENT, sweep};

/// Where the simulation keeps its own files inside the namespace.
pub(crate) const HOME: &str = "/run/longshore-sim";
/// Where things are put together before [`HOME`] exists: a directory that every machine has and nobody
/// needs meanwhile.
const WORKBENCH: &str = "/proc/driver";
