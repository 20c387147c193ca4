//! The OCI runtime shim and the legacy prestart hook.

pub mod codes;
mod configuration;
mod prestart;
mod shim;

pub use prestart::prestart;
pub use shim::{Personality, shim};
