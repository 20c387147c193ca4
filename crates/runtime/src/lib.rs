//! The OCI runtime shim and the legacy prestart hook.

pub mod codes;
mod configuration;
mod dev_char;
mod kernel_modules;
#[cfg(test)]
mod keys;
mod mig_nodes;
mod mps;
mod prestart;
mod provide_driver;
mod shim;
mod user_namespace;

pub use dev_char::ensure as link_device_nodes;
pub use kernel_modules::ensure as load_kernel_modules;
pub use prestart::{Claim, Configuration, Without, check_root, configure, initialization, prestart};
pub use provide_driver::{PROVIDE_DRIVER, provide_driver};
pub use shim::{Personality, shim};
