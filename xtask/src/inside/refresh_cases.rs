//! The refresh units and the udev rule on a machine with systemd: booted before there is a driver, with one,
//! and without one again. Nothing may fail that nobody can mend, and the specification has to be true.

use super::boot::{self, Booted};
use super::check::Ledger;
use super::stale_cases::FUNCTIONS;
use super::{Job, install};
use crate::exec::{capture, command};
use diag::{Failure, Result, ResultExt};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// Where the parts of the machine lie.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Parts {
    /// A tree with systemd and what it needs.
    pub(crate) systemd: PathBuf,
    /// A tree with udev.
    pub(crate) udev: PathBuf,
    /// The units and rules of the packages.
    pub(crate) packaging: PathBuf,
}

const SPECIFICATION: &str = "/run/cdi/nvidia.yaml";
const REFRESH: &[&str] = &["nvidia-cdi-refresh.path", "nvidia-cdi-refresh.service"];
const WATCH: &str = "longshore-cdi-watch.service";

/// How long a change may take to be seen, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// Lays udev over the root, with no rule but ours: the others would change the machine below the
/// simulation, whose network it shares.
const LAY: &str = "cp -a --no-clobber \"$0\"/usr/. /usr/ && ldconfig
    rm -rf /usr/lib/udev/rules.d /etc/udev && mkdir -p /usr/lib/udev/rules.d /etc/udev /etc/systemd/system
    cp \"$1\"/udev/*.rules /usr/lib/udev/rules.d; cp \"$1\"/systemd/* /usr/lib/systemd/system
    for unit in trigger settle; do ln -sf /dev/null /etc/systemd/system/systemd-udev-$unit.service; done
    udevadm verify /usr/lib/udev/rules.d/*.rules";

/// No GPU of NVIDIA's comes and goes here: the rule is told to take the events of another device for theirs,
/// which the kernel sends when it is asked to.
const ANOTHER_DEVICE: &str = "uevent=$(ls /sys/devices/pci*/*/uevent | head -n 1)
    vendor=$(sed -n 's/^PCI_ID=\\(....\\):.*/\\1/p' $uevent)
    sed -i \"s/10DE/$vendor/; s/3????/*/\" /usr/lib/udev/rules.d/*.rules; printf %s $uevent > /mnt/uevent";

/// Runs all cases.
pub(super) fn run(job: &Job, parts: &Parts) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    install(job)?;
    // As packages leave it.
    fs::create_dir_all("/etc/nvidia-container-runtime").context("cannot make the folder of the settings")?;
    fs::write("/etc/nvidia-container-runtime/config.toml", "").context("cannot write the settings")?;
    boot::lay(&parts.systemd)?;
    let lay = |_: &()| capture(command(["sh", "-ec", LAY]).arg(&parts.udev).arg(&parts.packaging)).map(drop);
    ledger.check("udev", "verifies the rule", || lay(&()))?;
    capture(&mut command(["sh", "-ec", ANOTHER_DEVICE]))?;
    shell("power_off")?;
    boot::enable(REFRESH)?;
    let machine = Booted::machine()?;
    let engine = format!(
        "systemd {}",
        machine.inside("systemctl --version | sed 's/^systemd \\([0-9]*\\).*/\\1/;q'")?.trim()
    );
    let check = |ledger: &mut Ledger, units: &str, cases: Cases, machine: &Booted| -> Result<()> {
        cases.iter().try_for_each(|(name, case)| {
            ledger.check(&engine, &format!("{units}: {name}"), || {
                case(machine).map_err(|failure| told(machine, failure))
            })
        })
    };
    check(&mut ledger, "path and udev", REFRESHED, &machine)?;
    capture(&mut command(["sh", "-c", "rm -f /etc/systemd/system/*.wants/nvidia-cdi-refresh.*"]))?;
    boot::enable(&[WATCH])?;
    let machine = machine.reboot()?;
    check(&mut ledger, "watch", WATCHED, &machine)?;
    let machine = machine.reboot()?;
    check(&mut ledger, "watch", REBOOTED, &machine)
}

type Cases = &'static [(&'static str, fn(&Booted) -> Result<()>)];

const REFRESHED: Cases = &[
    ("a boot without a driver fails in nothing", |machine| {
        is_well(machine)?;
        lacks(machine)
    }),
    ("the module is loaded, udev tells", |machine| {
        shell("boot")?;
        event("bind")?;
        becomes_true(machine, 8)
    }),
    ("a driver upgrade", |machine| {
        shell("libraries 580.95.05 581.15.03; module 580.95.05 581.15.03")?;
        becomes_true(machine, 8)
    }),
    ("a GPU is lost", |machine| {
        shell("mv /proc/driver/nvidia/gpus/0000:df:00.0 /mnt/gpu; rm /dev/nvidia7")?;
        event("unbind")?;
        becomes_true(machine, 7)
    }),
    ("a GPU is plugged in", |machine| {
        shell("mv /mnt/gpu /proc/driver/nvidia/gpus/0000:df:00.0; mknod -m 666 /dev/nvidia7 c 195 7")?;
        event("bind")?;
        becomes_true(machine, 8)
    }),
    ("MIG devices are made, and no NVML to ask", |machine| {
        shell("rm $lib/libnvidia-ml.so*; ldconfig; instance 1 12 13")?;
        becomes_true(machine, 8)?;
        let listed = format!("grep -q 'name: \"0:0\"' {SPECIFICATION}");
        machine.wait_for(&listed, PATIENCE)
    }),
    ("the driver is unloaded", |machine| {
        shell("rm -r /dev/nvidia-caps /proc/driver/nvidia/capabilities/gpu0/mig/gi1; power_off")?;
        event("unbind")?;
        goes(machine)
    }),
];

const WATCHED: Cases = &[
    ("a boot without a driver fails in nothing", |machine| {
        is_well(machine)?;
        lacks(machine)
    }),
    ("the module is loaded", |machine| {
        shell("boot")?;
        becomes_true(machine, 8)
    }),
    ("a driver downgrade", |machine| {
        shell("libraries 581.15.03 570.86.15; module 581.15.03 570.86.15")?;
        becomes_true(machine, 8)
    }),
    ("the driver is unloaded", |machine| {
        shell("power_off")?;
        goes(machine)
    }),
    ("the driver is loaded again", |machine| {
        shell("boot")?;
        becomes_true(machine, 8)
    }),
];

const REBOOTED: Cases = &[
    ("after a reboot with the driver the specification is there", |machine| becomes_true(machine, 8)),
    ("it never had to be started again", |machine| {
        let restarts = machine.inside(&format!("systemctl show --property=NRestarts --value {WATCH}"))?;
        if restarts.trim() == "0" { Ok(()) } else { Err(Failure::new(format!("{restarts} restarts"))) }
    }),
];

fn shell(script: &str) -> Result<()> {
    capture(&mut command(["sh", "-c", &format!("{FUNCTIONS}{script}")])).map(drop)
}

/// Has the kernel tell that the device which stands for a GPU came or went.
fn event(action: &str) -> Result<()> {
    capture(&mut command(["sh", "-c", &format!("echo {action} > $(cat /mnt/uevent)")])).map(drop)
}

/// Waits until the specification fits the machine, with so many GPUs, and nothing failed.
fn becomes_true(machine: &Booted, gpus: usize) -> Result<()> {
    let fits = format!(
        "longshore cdi diff {SPECIFICATION} && [ $(grep -c 'path: /dev/nvidia[0-9]' {SPECIFICATION}) -ge {gpus} ]"
    );
    machine.wait_for(&fits, PATIENCE)?;
    is_well(machine)
}

fn goes(machine: &Booted) -> Result<()> {
    machine.wait_for(&format!("[ ! -e {SPECIFICATION} ]"), PATIENCE)?;
    is_well(machine)
}

fn lacks(machine: &Booted) -> Result<()> {
    machine.inside(&format!("[ ! -e {SPECIFICATION} ]")).context("there is a specification").map(drop)
}

/// No unit of ours failed, or gave up.
fn is_well(machine: &Booted) -> Result<()> {
    let failed =
        machine.inside("systemctl list-units --failed --plain --no-legend 'nvidia-*' 'longshore-*'")?;
    if failed.trim().is_empty() { Ok(()) } else { Err(Failure::new(format!("failed: {failed}"))) }
}

fn told(machine: &Booted, failure: Failure) -> Failure {
    let states = "systemctl --no-pager --lines=20 status 'nvidia-*' 'longshore-*'";
    let states = machine.run(states).map(|ended| super::expect::text(&ended)).unwrap_or_default();
    failure.context(states)
}
