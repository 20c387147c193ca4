//! GPUs survive what systemd does: a daemon-reload, a change of a scope's properties, an update of limits.
//!
//! A whole systemd boots inside the simulated host, and Docker runs as its service with the systemd cgroup
//! driver. A node without a driver behind it says "No such device" as long as the device cgroup allows it,
//! and "not permitted" once it is lost. With our cure nothing is lost; with the cure taken out it is, so
//! that the test could fail; with the cgroupfs driver there is nothing to cure.

mod boot;
mod podman;

use super::boot::{self as machine, Booted};
use super::check::Ledger;
use super::expect::text;
use super::{Job, install};
use crate::engines::{GLIBC, Suite};
use crate::exec::{capture, command, output};
use boot::Driver;
use diag::{Failure, Result, ResultExt};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// How a container gets its GPU.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    options: &'static [&'static str],
}

const GPUS: Way = Way { name: "--gpus", options: &["--gpus", "device=2"] };
const RUNTIME: Way =
    Way { name: "--runtime=nvidia", options: &["--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=2"] };

/// Docker 25 and later, with a specification and without the toolkit's runtime.
const CDI: Way = Way { name: "CDI", options: &["--device", "nvidia.com/gpu=2"] };

/// What makes systemd apply a scope's properties again.
const TRIGGERS: &[(&str, &str)] = &[
    ("daemon-reload", "systemctl daemon-reload; systemctl daemon-reload"),
    ("daemon-reexec", "systemctl daemon-reexec; sleep 1"),
    ("set-property", SET_PROPERTY),
    (
        "docker restart",
        "docker -H unix:///run/docker.sock restart -t 0 \"$CONTAINER\" >/dev/null; systemctl daemon-reload",
    ),
    ("a restart of the engine", RESTART),
    ("docker update", "docker -H unix:///run/docker.sock update --cpu-shares 600 \"$CONTAINER\" >/dev/null"),
];

/// The containers live on; the new daemon finds them again.
const RESTART: &str = "systemctl restart survival-docker.service
    for _ in $(seq 100); do docker -H unix:///run/docker.sock version >/dev/null 2>&1 && break; sleep 0.1; done
    systemctl daemon-reload; systemctl set-property --runtime \"$SCOPE\" CPUShares=512";

/// The trigger that every systemd heeds: 257 no longer applies what did not change at a daemon-reload.
const SET_PROPERTY: &str = "systemctl set-property --runtime \"$SCOPE\" CPUShares=512";

/// Runs all cases, with Podman those of one trigger unless `thorough`; `systemd` is a tree with systemd and
/// what it needs.
pub(super) fn run(job: &Job, systemd: &Path, thorough: bool) -> Result<()> {
    let mut ledger = Ledger::create(&job.results)?;
    install(job)?;
    machine::lay(systemd)?;
    let old = job.suite()? == Suite::Bookworm;
    let mut configure = command(["nvidia-ctk", "runtime", "configure", "--runtime=docker"]);
    capture(configure.args(if old { None } else { Some("--cdi.enabled") }))?;
    if !old {
        capture(&mut command(["nvidia-ctk", "cdi", "generate", "--output=/etc/cdi/nvidia.yaml"]))?;
    }
    let booted = boot::start(Driver::Systemd)?;
    booted.load(&job.images.join("glibc.tar"))?;
    let engine = boot::engine(&booted)?;
    let ways = if old { vec![RUNTIME, GPUS] } else { vec![RUNTIME, GPUS, CDI] };
    for way in ways {
        // Each way has to make its links itself.
        capture(&mut command(["rm", "-rf", "/dev/char"]))?;
        for (trigger, script) in TRIGGERS {
            let case = format!("{}: keeps its GPU at {trigger}", way.name);
            ledger.check(&engine, &case, || keeps(&booted, way, script))?;
        }
    }
    taken_out(&booted, old, &engine, &mut ledger)?;
    let triggers = if thorough { podman::TRIGGERS } else { &podman::TRIGGERS[..1] };
    podman::run(&booted, &job.images.join("glibc.tar"), triggers, old, &mut ledger)?;
    drop(booted);
    let booted = boot::start(Driver::Cgroupfs)?;
    booted.load(&job.images.join("glibc.tar"))?;
    without_call(true)?;
    let case = "--gpus with the cgroupfs driver: unaffected";
    ledger.check(&engine, case, || keeps(&booted, GPUS, TRIGGERS[0].1))?;
    without_call(false)
}

/// The same without the cure: what the field sees.
fn taken_out(booted: &Booted, old: bool, engine: &str, ledger: &mut Ledger) -> Result<()> {
    without_call(true)?;
    let lost = ledger.check(engine, "--gpus without our call of systemd: lost", || loses(booted, GPUS));
    let told = ledger
        .check(engine, "the doctor finds containers that will lose theirs", || doctor_says(booted, true));
    without_call(false)?;
    lost?;
    told?;
    ledger.check(engine, "the doctor finds none that will keep theirs", || doctor_says(booted, false))?;
    if !old {
        // runc 1.1.6 and later lists a node without its link too.
        return Ok(());
    }
    capture(&mut command(["sh", "-c", "rm -rf /dev/char && mkdir /dev/char"]))?;
    booted.inside("mount -t tmpfs -o ro none /dev/char")?;
    let lost =
        ledger.check(engine, "--runtime=nvidia without links in /dev/char: lost", || loses(booted, RUNTIME));
    booted.inside("umount /dev/char")?;
    lost
}

/// Puts a wrapper around the prestart hook that hides systemd's socket from it, or takes it away.
fn without_call(hide: bool) -> Result<()> {
    const HOOK: &str = "/usr/bin/nvidia-container-runtime-hook";
    const REAL: &str = "/usr/bin/nvidia-container-runtime-hook.real";
    if !hide {
        return fs::rename(REAL, HOOK).context("cannot put the hook back");
    }
    fs::rename(HOOK, REAL).context("cannot move the hook")?;
    let script = format!(
        "#!/bin/sh\nexec unshare -m --propagation private sh -c 'mount -t tmpfs none /run/systemd; exec {REAL} \"$@\"' hook \"$@\"\n"
    );
    fs::write(HOOK, script).context("cannot write a wrapper")?;
    fs::set_permissions(HOOK, Permissions::from_mode(0o755)).context("cannot write a wrapper")
}

fn keeps(booted: &Booted, way: Way, script: &str) -> Result<()> {
    match after(booted, way, script)? {
        access if access == ALLOWED => Ok(()),
        access => Err(Failure::new(format!("the container lost its GPU: {access}"))),
    }
}

fn loses(booted: &Booted, way: Way) -> Result<()> {
    match after(booted, way, SET_PROPERTY)? {
        access if access == ALLOWED => {
            Err(Failure::new("the container kept its GPU without the cure: this test proves nothing"))
        }
        _ => Ok(()),
    }
}

/// Asks the doctor while a container runs.
fn doctor_says(booted: &Booted, warns: bool) -> Result<()> {
    const SAID: &str = "/mnt/doctor.json";
    after(booted, GPUS, &format!("longshore doctor --engine docker --json > {SAID} 2>&1; true"))?;
    let said = fs::read_to_string(SAID).context("the doctor wrote nothing")?;
    if said.contains("containers that run now lose their GPUs") == warns {
        return Ok(());
    }
    Err(Failure::new(crate::exec::tail(&said, 20)))
}

const ALLOWED: &str = "No such device or address";

/// Starts a container, pulls the trigger, and gives what opening its GPU then says.
fn after(booted: &Booted, way: Way, script: &str) -> Result<String> {
    let words = ["run", "-d", "--network", "none"];
    let started = booted.docker(words.iter().chain(way.options).chain(&[GLIBC, "sleep", "600"]))?;
    if !started.status.success() {
        return Err(Failure::new(text(&started)));
    }
    let id = String::from_utf8_lossy(&started.stdout).trim().to_owned();
    let look = || -> Result<String> {
        let output = booted.docker(["exec", &id, "cat", "/dev/nvidia2"])?;
        let said = text(&output);
        Ok(said.trim().rsplit(": ").next().unwrap_or_default().to_owned())
    };
    let access = look().and_then(|before| {
        if before != ALLOWED {
            return Err(Failure::new(format!("the GPU cannot be used from the beginning: {before}")));
        }
        booted.inside(&format!("SCOPE=docker-{id}.scope; CONTAINER={id}; {script}"))?;
        look()
    });
    output(&mut command(["docker", "-H", "unix:///run/docker.sock", "rm", "-f", &id]))?;
    access
}
