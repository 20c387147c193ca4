//! What runs inside a container start; one file per hook, and the fused hook.
//!
//! An OCI runtime calls `nvidia-cdi-hook HOOK ARGUMENTS` as a `createContainer` hook: in the
//! container's namespaces, before its root is pivoted to, with the container's state on standard
//! input. Everything below the container's root is foreign and is reached through
//! [`rootfs::ContainerRoot`] only. Nothing is ever executed, no environment variable is read, and
//! names of files that are left in a container are fixed, so that a restart leaves nothing new.

mod arguments;
mod catalogue;
mod chmod;
pub mod codes;
mod container;
mod create_symlinks;
mod disable_device_node_modification;
mod enable_cuda_compat;
mod help;
mod loader;
mod loader_files;
mod log;
mod mounts;
mod noop;
mod prepare_container;
mod update_application_profile;
mod update_ldcache;

pub use loader_files::LoaderFile;
pub use mounts::HostMount;
pub use prepare_container::{HostTables, Library, Link, Preparation};

use arguments::Command;
use diag::Result;
use rootfs::process::{Keep, harden};
use std::ffi::OsString;
use std::process::ExitCode;

/// The program `nvidia-cdi-hook`; `args[0]` is the name it was called by. Also what
/// `nvidia-ctk hook` hands over to, with that name in front of the remaining arguments.
#[must_use]
pub fn main(args: Vec<OsString>) -> ExitCode {
    let outcome = harden(Keep::Nothing).and_then(|()| run(&args));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            log::error(&failure);
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[OsString]) -> Result<()> {
    match arguments::parse(args)? {
        Command::Help => log::output(&help::text()),
        Command::Version => log::output(&help::version()),
        Command::HookHelp(hook) => log::output(&help::hook_text(hook)),
        Command::None => log::warning("No CDI hook specified"),
        Command::Unknown(name) => log::warning(&format!("Unsupported CDI hook: {name}")),
        Command::Hook(hook, rest) => return (hook.run)(rest),
    }
    Ok(())
}
