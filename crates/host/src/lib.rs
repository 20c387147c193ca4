//! The trusted world as a value: reads, atomic writes, processes, environment, journal.
//!
//! A [`Host`] only reads. A [`HostMut`] also changes things and is made at entry points alone, so a
//! dry run is a missing capability and not an `if`. Both answer for the machine itself, for a
//! directory taken as a machine's root, or (reading only) for a recorded machine.
//!
//! The trusted world is what root of this machine controls. Container file systems are not part of
//! it: those belong to the crate `rootfs`.
//!
//! On macOS and Windows there is no such machine: there a [`Host`] is the files of the one who writes a
//! Dockerfile (`elsewhere`), for `longshore lint`, `compat` and `explain`.
#![expect(
    clippy::disallowed_methods,
    reason = "this crate is the door through which all others reach files, processes and the environment"
)]

pub mod codes;
#[cfg(any(test, not(target_os = "linux")))]
mod elsewhere;
mod environment;
pub mod exec;
mod receipt;
mod stat;

// The machine itself: Linux.
#[cfg(target_os = "linux")]
mod append;
#[cfg(target_os = "linux")]
mod apply;
#[cfg(target_os = "linux")]
mod cache;
#[cfg(target_os = "linux")]
mod errors;
#[cfg(target_os = "linux")]
mod file;
#[cfg(target_os = "linux")]
mod handover;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod host_mut;
#[cfg(target_os = "linux")]
mod in_root;
#[cfg(target_os = "linux")]
mod journal;
#[cfg(target_os = "linux")]
mod live;
#[cfg(target_os = "linux")]
mod recorded;
#[cfg(target_os = "linux")]
mod recorded_elf;
#[cfg(target_os = "linux")]
mod replace;
#[cfg(target_os = "linux")]
mod socket;
#[cfg(target_os = "linux")]
mod watch;

pub use environment::Environment;
pub use receipt::Receipt;
pub use stat::{Entry, Kind, Stat};

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{File, Host, HostMut};
#[cfg(target_os = "linux")]
pub use {
    cache::{Cache, Lock},
    file::File,
    handover::hand_over,
    host::Host,
    host_mut::{Durability, HostMut},
    journal::{Entry as JournalEntry, State as JournalState},
    watch::{Watch, Woken},
};

/// Where the journal of changes lives on a machine.
pub const JOURNAL_DIR: &str = "/var/lib/longshore/journal";
