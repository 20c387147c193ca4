//! The simulated GPU host: a private mount namespace that looks like a machine with NVIDIA GPUs.
//!
//! A [`Description`] says what the host has; [`layout::Layout`] decides, purely, which files that makes;
//! [`run`] acts: it makes the namespace, the files, and starts the command in it. The files that answer
//! inside are built from the crates `sim-nvml` and `sim-smi`.

pub mod codes;
pub mod container_proc;
mod description;
mod door;
pub mod elf_writer;
mod facts;
pub mod layout;
mod machine;
mod mig_capabilities;
mod options;
mod personality;
pub mod presets;

pub use description::{
    Architecture, Content, Description, Driver, Faults, File, Gpu, Library, Majors, Mig, MigInstance, Node,
    Nodes, Platform, Proc, Program, UserSpace,
};
pub use door::run;
pub use machine::Machine;
pub use options::{Cgroup, RunOptions};
pub use personality::run_hidden;

/// Exit code when the simulation itself, not the command in it, could not run.
pub const COULD_NOT_RUN: u8 = 125;
