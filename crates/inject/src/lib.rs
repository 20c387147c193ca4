//! What a container asks for, and the edits that give it. Pure.
//!
//! [`request`] reads a container's configuration, [`edits`] makes the changes that give it its GPUs
//! just in time, [`spec`] makes the CDI specification from which an engine makes the same changes.

mod capabilities;
pub mod codes;
mod edits;
mod handover;
mod hooks;
mod links;
mod loader_files;
mod mounts;
mod nodes;
mod order;
mod platform;
mod policy;
mod request;
pub mod requirement;
mod restrict;
mod select;
mod spec;
mod special;

pub use capabilities::{Capabilities, capabilities, explicit_capabilities, unknown_capabilities};
pub use edits::edits;
pub use handover::mounts_to_hook;
pub use hooks::compat_hook;
pub use policy::{HOOK_NAMES, HookStyle, Policy, refuses_compat};
pub use request::{Ask, JIT_KIND, Request, Source, request};
pub use restrict::restrict;
pub use select::{Target, select};
pub use spec::{Naming, SpecOptions, spec};
pub use special::{special_device, special_spec};
