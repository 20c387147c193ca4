//! The Container Device Interface: model, validation, lowest version, resolve and apply. Pure.

mod apply;
pub mod codes;
mod engines;
mod host_facts;
mod model;
mod name;
mod parse;
mod registry;
mod transcribe;
mod validate;
mod version;
mod write;
mod yaml;

pub use apply::{HostNode, apply, complete_nodes};
pub use engines::{Engine, LOWEST_COMMON, Release, Taken, engines};
pub use host_facts::{Misfit, Seen};
pub use model::{ContainerEdits, Device, DeviceNode, Hook, IntelRdt, Mount, NetDevice, Spec};
pub use name::{QualifiedName, is_qualified, parse_qualified, validate_class, validate_vendor};
pub use parse::{Format, parse, parse_undeclared};
pub use registry::{Registry, SourceFile};
