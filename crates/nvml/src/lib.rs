//! NVML, the management library of the driver, behind a process boundary.
//!
//! The library belongs to whatever driver is installed: it can be missing, of another version than
//! the kernel module, hang on a lost GPU, or crash. So it is only ever loaded in a child process
//! ([`child::main`]) that is killed at a deadline; [`snapshot`] starts it and gives either what one
//! session told or a [`NvmlError`] that says which of these happened.

mod answer;
pub mod child;
mod library;
mod parent;
mod session;

pub use parent::{Kind, NvmlError, Options, snapshot};

/// First argument of an executable that makes it run [`child::main`] with the arguments after it.
pub const CHILD_ARGUMENT: &str = "__nvml";

/// The name under which the loader knows NVML.
pub const SONAME: &str = "libnvidia-ml.so.1";
