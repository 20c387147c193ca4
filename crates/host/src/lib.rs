//! The trusted world as a value: reads, atomic writes, processes, environment, journal.
//!
//! A [`Host`] only reads. A [`HostMut`] also changes things and is made at entry points alone, so a
//! dry run is a missing capability and not an `if`. Both answer for the machine itself, for a
//! directory taken as a machine's root, or (reading only) for a recorded machine.
//!
//! The trusted world is what root of this machine controls. Container file systems are not part of
//! it: those belong to the crate `rootfs`.
#![expect(
    clippy::disallowed_methods,
    reason = "this crate is the door through which all others reach files, processes and the environment"
)]

mod append;
mod apply;
mod cache;
pub mod codes;
mod environment;
mod errors;
pub mod exec;
mod file;
mod handover;
mod host;
mod host_mut;
mod in_root;
mod journal;
mod live;
mod receipt;
mod recorded;
mod recorded_elf;
mod replace;
mod socket;
mod stat;
mod watch;

pub use cache::{Cache, Lock};
pub use environment::Environment;
pub use file::File;
pub use handover::hand_over;
pub use host::Host;
pub use host_mut::{Durability, HostMut};
pub use journal::{Entry as JournalEntry, State as JournalState};
pub use receipt::Receipt;
pub use stat::{Entry, Kind, Stat};
pub use watch::{Watch, Woken};

/// Where the journal of changes lives on a machine.
pub const JOURNAL_DIR: &str = "/var/lib/longshore/journal";
