//! `--restart`: a daemon that nobody supervises gets a signal, one under a supervisor its command;
//! containers survive or are named, and what does not start is taken back.

use super::{Job, clear};
use crate::exec::{command, output};
use crate::inside::check::Ledger;
use crate::inside::docker::Docker;
use crate::inside::expect::text;
use diag::{Failure, Result, ResultExt};
use std::fs;

const CONFIGURE: [&str; 5] = ["nvidia-ctk", "runtime", "configure", "--runtime=docker", "--restart"];

pub(super) fn run(job: &Job, ledger: &mut Ledger) -> Result<()> {
    clear("/etc/docker")?;
    let mut docker = Docker::start(job.suite()?)?;
    let engine = format!("docker {}", docker.version()?);
    docker.load(&job.images.join("busybox.tar"))?;
    ledger.check(&engine, "--restart sends a signal, containers go on", || signalled(&docker))?;
    ledger.check(&engine, "--restart a second time does nothing", || said("docker shows it already", &[]))?;
    ledger.check(&engine, "a restart that would stop containers is refused", || refused(&docker))?;
    ledger.check(&engine, "a daemon that does not take it: taken back", taken_back)?;
    docker.client(["rm", "-f", "lasting"])?;
    docker.load(&job.images.join("glibc.tar"))?;
    ledger.check(&engine, "setup --verify: all well", || verified(crate::engines::GLIBC, 0, 6))?;
    ledger.check(&engine, "setup --verify: cannot tell without an image", || verified("absent:1", 2, 5))?;
    docker.stop()?;
    clear("/etc/docker")
}

fn signalled(docker: &Docker) -> Result<()> {
    let words =
        ["run", "-d", "--name", "lasting", "--network", "none", crate::engines::BUSYBOX, "sleep", "1000"];
    let started = docker.client(words)?;
    if !started.status.success() {
        return Err(Failure::new(text(&started)));
    }
    said("docker shows the new configuration", &["--set-as-default"])?;
    let running = docker.client(["inspect", "--format", "{{.State.Running}}", "lasting"])?;
    let info = docker.client(["info", "--format", "{{.DefaultRuntime}}"])?;
    match (text(&running).trim(), text(&info).trim()) {
        ("true", "nvidia") => Ok(()),
        other => Err(Failure::new(format!("running and default runtime: {other:?}"))),
    }
}

/// CDI needs a restart, and this container would not survive one.
fn refused(docker: &Docker) -> Result<()> {
    let before = fs::read("/etc/docker/daemon.json").context("cannot read daemon.json")?;
    let ended = output(command(CONFIGURE).args(["--cdi.enabled", "--restart-command=true"]))?;
    let words = text(&ended);
    if ended.status.success() || !words.contains("would stop 1 running containers (lasting)") {
        return Err(Failure::new(format!("it was not refused: {words}")));
    }
    let after = fs::read("/etc/docker/daemon.json").context("cannot read daemon.json")?;
    let running = docker.client(["inspect", "--format", "{{.State.Running}}", "lasting"])?;
    if before == after && text(&running).trim() == "true" {
        Ok(())
    } else {
        Err(Failure::new("something changed"))
    }
}

/// A command that fails: everything is as it was.
fn taken_back() -> Result<()> {
    let before = fs::read("/etc/docker/daemon.json").context("cannot read daemon.json")?;
    let flags = ["--nvidia-runtime-name=second", "--stop-containers", "--restart-command=exit 3"];
    let ended = output(command(CONFIGURE).args(flags))?;
    let after = fs::read("/etc/docker/daemon.json").context("cannot read daemon.json")?;
    let words = text(&ended);
    if !ended.status.success() && before == after && words.contains("exit status 3") {
        return Ok(());
    }
    Err(Failure::new(format!("it was not taken back: {words}")))
}

/// The check list as a user tries it: how it ends, and how many of its six items hold.
fn verified(image: &str, code: i32, yes: usize) -> Result<()> {
    let ended = output(&mut command(["longshore", "setup", "--verify", "--image", image]))?;
    let words = text(&ended);
    let count = words.lines().filter(|line| line.trim_start().starts_with("yes ")).count();
    if ended.status.code() == Some(code) && count == yes {
        return Ok(());
    }
    Err(Failure::new(format!("it ended with {} and {count} items hold:\n{words}", ended.status)))
}

fn said(words: &str, flags: &[&str]) -> Result<()> {
    let ended = output(command(CONFIGURE).args(flags))?;
    let said = text(&ended);
    if ended.status.success() && said.contains(words) {
        Ok(())
    } else {
        Err(Failure::new(format!("it said {said}")))
    }
}
