//! Foreign bytes to data: the loader's cache and configuration, ELF files, `/proc` tables, versions.
//!
//! Everything here is pure and total: any bytes give a value or an error, never a panic, and work
//! and memory are bounded by the size of the input. Each reader has a fuzz target in `fuzz/`.

pub mod dbus;
pub mod docker_client;
pub mod dpkg;
pub mod elf;
pub mod glob;
pub mod ldcache;
pub mod ldsoconf;
pub mod mount_csv;
pub mod procfs;
pub mod tar;
pub mod version;

pub use version::Version;
