//! What a container asks for, and the edits that give it. Pure.
//!
//! [`request`] reads a container's configuration, [`edits`] makes the changes that give it its GPUs
//! just in time, [`spec`] makes the CDI specification from which an engine makes the same changes.

mod capabilities;
pub mod codes;
mod edits;
mod hooks;
mod links;
mod mounts;
mod nodes;
mod order;
mod policy;
mod request;
mod select;
mod spec;
mod special;

pub use capabilities::{Capabilities, capabilities};
pub use edits::edits;
pub use policy::{HOOK_NAMES, HookStyle, Policy};
pub use request::{Ask, JIT_KIND, Request, Source, request};
pub use select::{Target, select};
pub use spec::{Naming, SpecOptions, spec};
pub use special::{special_device, special_spec};
