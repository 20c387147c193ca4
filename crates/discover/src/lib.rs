//! One sweep over a host that gives its driver, and the fingerprinted inventory of it.
//!
//! [`sweep`] looks at procfs, sysfs and the driver's files: every directory is listed once, only
//! what cannot be told from a listing is asked for. [`inventory::load`] keeps what a sweep found and
//! gives it again as long as nothing changed on the machine.

pub mod codes;
mod configs;
mod elf_file;
mod files;
mod fingerprint;
mod gpus;
pub mod inventory;
mod judge;
mod libraries;
mod links;
mod mig;
mod nodes;
mod nvml_program;
mod options;
mod pattern;
mod places;
mod platform;
mod snapshot;
mod special;
mod survey;
mod sweep;
mod tegra;
mod versions;
mod wsl;

pub use judge::judge;
pub use nvml_program::PROGRAM as NVML_PROGRAM;
pub use options::{Mode, MountLists, Options};
pub use special::{Special, SpecialFiles, special};
pub use sweep::sweep;
