//! Starts a simulation: what is checked and read outside, and the processes that stay there.

use super::init::{INIT_ARGUMENT, Orders};
use super::simulate::Prepared;
use super::sweeper::{self, SWEEPER_ARGUMENT};
use super::system::{self, Interrupts};
use super::{artefacts, cgroups, files, host};
use crate::codes::{NO_NAMESPACE, NOT_ROOT, REAL_DRIVER};
use crate::{Description, Machine, RunOptions};
use diag::{Failure, Result, ResultExt};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::pipe::pipe;
use serde::Serialize;
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// Runs a command in a simulated host and gives its exit code; a signal counts as 128 and its number.
///
/// Without a root the command takes this process's place, so the function returns only on failure.
///
/// # Errors
/// A bad description, a missing part of the simulation, a machine with a real driver, no root rights,
/// or a step that the kernel refuses.
pub fn run(options: &RunOptions) -> Result<i32> {
    let prepared = prepare(options)?;
    match &options.root {
        None => host::run(prepared, options),
        Some(_) => run_apart(options),
    }
}

/// Checks the machine and reads everything that the namespace would hide.
pub(super) fn prepare(options: &RunOptions) -> Result<Prepared> {
    let description = description(&options.host)?;
    if !rustix::process::geteuid().is_root() {
        let message = "a simulated host needs root: it makes namespaces and device nodes";
        return Err(Failure::coded(NOT_ROOT, message).hint("run it with sudo, or in a virtual machine"));
    }
    let machine = Machine::new(files::read_text("/proc/devices")?);
    if machine.has_real_driver() || Path::new("/proc/driver/nvidia/version").exists() {
        return Err(Failure::coded(
            REAL_DRIVER,
            "an NVIDIA driver is loaded on this machine: the nodes of a simulated GPU would be the real ones",
        )
        .hint("unload it, or simulate on a machine without a GPU; a simulation cannot run inside another"));
    }
    Ok(Prepared { description, machine, artefacts: artefacts::read(&options.executable)? })
}

/// The description that `--host` names: a preset, or a file that ends in `.toml`.
fn description(host: &str) -> Result<Description> {
    if !host.ends_with(".toml") {
        return Description::preset(host);
    }
    let text = files::read_text(host).map_err(|failure| {
        let message = format!("cannot read the description {host}");
        Failure::coded(crate::codes::BAD_DESCRIPTION, message).caused_by(failure)
    })?;
    Description::parse(host, &text)
}

/// Runs the command in a pid namespace and control groups of its own. This process stays outside as
/// the one whose death ends everything inside; a second one outlives it to remove the groups.
fn run_apart(options: &RunOptions) -> Result<i32> {
    let groups = cgroups::group_paths(&format!("longshore-sim-{}", std::process::id()))?;
    let orders = sweeper::Orders { groups: groups.clone() };
    let mut sweeper = Helper::start(SWEEPER_ARGUMENT, &orders, Stdio::null)?;
    let groups = cgroups::make_groups(groups)?;
    system::unshare_child_pids()
        .map_err(|cause| Failure::coded(NO_NAMESPACE, "cannot make a pid namespace").caused_by(cause))?;
    system::set_interrupts(Interrupts::Ignored);
    let orders = Orders { options: options.clone(), groups };
    let mut init = Helper::start(INIT_ARGUMENT, &orders, Stdio::inherit)?;
    let status = init.process.wait().context("cannot wait for the simulation")?;
    drop(init.alive);
    drop(sweeper.alive);
    sweeper.process.wait().context("cannot wait for the control groups to be removed")?;
    Ok(status.code().unwrap_or_else(|| exit_code(status)))
}

/// This executable, started once more for a part of the work.
struct Helper {
    process: Child,
    /// Kept open to the end: its closing tells the other process that this one is gone.
    alive: File,
}

impl Helper {
    /// Starts it with a first argument that says what it is, the number of the descriptor from which
    /// it reads its orders, those orders, and its standard streams.
    fn start(argument: &str, orders: &impl Serialize, stream: fn() -> Stdio) -> Result<Self> {
        let (orders_in, orders_out) = pipe().context("cannot make a pipe")?;
        fcntl_setfd(&orders_out, FdFlags::CLOEXEC).context("cannot set up a pipe")?;
        let mut command = Command::new("/proc/self/exe");
        command.arg(argument).arg(orders_in.as_raw_fd().to_string());
        command.stdin(stream()).stdout(stream()).stderr(stream());
        let process = command.spawn().context("cannot start a part of the simulation")?;
        drop(orders_in);
        let text = serde_json::to_vec(orders).context("cannot write the simulation's orders")?;
        let mut alive = File::from(orders_out);
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes();
        alive
            .write_all(&[&length, text.as_slice()].concat())
            .context("cannot give the simulation its orders")?;
        Ok(Self { process, alive })
    }
}

fn exit_code(status: ExitStatus) -> i32 {
    status.signal().map_or(1, |signal| 128 + signal)
}
