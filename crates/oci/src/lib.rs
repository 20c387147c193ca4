//! A lens over an OCI bundle's config.json and the hook state that keeps every unknown key. Pure.
//!
//! [`Config`] reads what a GPU toolkit needs to know of a container and changes only that; all else
//! stays byte for byte as the engine wrote it. [`State`] is what an OCI runtime hands to its hooks,
//! [`args`] understands the command lines of runc and crun.

// Words of a command line as Unix has them: bytes.
#[cfg(unix)]
pub mod args;
pub mod codes;
mod config;
mod edit;
mod model;
mod node;
mod read;
mod state;

pub use config::{Config, MAX_BYTES, MAX_DEPTH};
pub use model::{Device, DeviceRule, Hook, Mount, Namespace, Stage, User};
pub use state::State;
