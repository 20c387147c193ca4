//! The untrusted world: a container root held by file descriptor, resolved only inside itself.
//!
//! Everything below a container root belongs to an image that may be hostile and may change while
//! it is looked at. So a [`ContainerRoot`] is one descriptor; every look-up goes through
//! `openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)` from it (or through a walk that does the same on
//! kernels without that call), things are created only relative to a
//! [`Directory`] that such a look-up returned, and mounts are attached by descriptor. No method
//! gives out a path of the host, and no checked path is ever resolved a second time.
//!
//! Two neighbours live here because they belong to the same processes: [`process`] closes what a
//! process that works beside an image must not leave open, and [`trusted`] reads the few files of
//! the engine and the kernel that a hook needs.

pub mod codes;
mod directory;
mod failing;
mod file;
mod kernel;
mod mount;
mod mount_id;
mod path;
pub mod process;
mod resolve;
mod root;
mod stat;
mod syscalls;
pub mod trusted;

pub use directory::{Change, Directory, NodeFacts};
pub use file::RegularFile;
pub use mount::{Access, Source, keep_mounts_inside};
pub use root::{ContainerRoot, Entry, Public};
pub use stat::{Kind, Stat};
