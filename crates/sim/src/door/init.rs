//! The first process of a simulation with a root of its own. It makes the host, starts the command,
//! takes care of orphans, and when it ends the kernel ends everything in its pid namespace.

use super::system::{self, Interrupts};
use super::{cgroups, launcher, orders, root};
use crate::RunOptions;
use crate::codes::{NO_COMMAND, NO_NAMESPACE};
use diag::{Failure, Result, ResultExt};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, set_parent_process_death_signal, wait};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

/// First argument of the executable when it is started as this process; the second is the number of
/// the descriptor from which it reads its orders.
pub(crate) const INIT_ARGUMENT: &str = "__simulation-init";

/// What it has to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    /// The run.
    pub(super) options: RunOptions,
    /// The control groups to live in.
    pub(super) groups: Vec<PathBuf>,
}

/// Does the work of this process and gives the command's exit code.
///
/// # Errors
/// Any step of making the host, or a command that cannot be started.
pub(crate) fn init(descriptor: &str) -> Result<i32> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .context("cannot tie the simulation to its launcher")?;
    let (Orders { options, groups }, launcher) = orders::take(descriptor)?;
    check_alive(&launcher)?;
    cgroups::enter_groups(&groups)?;
    let root_path = options.root.clone().unwrap_or_default();
    let prepared = launcher::prepare(&options)?;
    root::enter(prepared, &options, &root_path)?;
    drop(launcher);
    system::set_interrupts(Interrupts::Default);
    let command = start(&options)?;
    reap_until(command)
}

/// The death signal was set after the start; a launcher that died before it shows here.
fn check_alive(launcher: &File) -> Result<()> {
    let mut watched = [PollFd::new(launcher, PollFlags::empty())];
    poll(&mut watched, Some(&Timespec::default())).context("cannot look after the launcher")?;
    if watched.iter().any(|watched| watched.revents().contains(PollFlags::HUP)) {
        return Err(Failure::coded(NO_NAMESPACE, "the launcher of the simulation is gone"));
    }
    Ok(())
}

fn start(options: &RunOptions) -> Result<Pid> {
    let (program, arguments) = options
        .command
        .split_first()
        .ok_or_else(|| Failure::coded(NO_COMMAND, "no command was given to run in the simulated host"))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir("/")
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", "/root")
        .envs(options.environment.iter().map(|(name, value)| (name, value)));
    let child = command.spawn().map_err(|cause| {
        Failure::coded(NO_COMMAND, format!("cannot start {program} in the simulated host")).caused_by(cause)
    })?;
    Ok(Pid::from_child(&child))
}

/// Waits for the command; orphans that end meanwhile are taken care of.
fn reap_until(command: Pid) -> Result<i32> {
    loop {
        let ended = wait(WaitOptions::empty()).context("cannot wait for the command")?;
        let Some((pid, status)) = ended else { continue };
        if pid == command {
            let signal = status.terminating_signal().map(|signal| 128 + signal);
            return Ok(status.exit_status().or(signal).unwrap_or(1));
        }
    }
}
