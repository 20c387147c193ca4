//! Docker as a service of a booted systemd, with the cgroup driver that is to be tried.

use crate::inside::boot::Booted;
use crate::inside::scratch;
use diag::{Result, ResultExt};
use std::fs;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const SOCKET: &str = "unix:///run/docker.sock";

/// The cgroup driver of Docker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Driver {
    Systemd,
    Cgroupfs,
}

/// Boots, and waits until Docker answers.
pub(super) fn start(driver: Driver) -> Result<Booted> {
    write_units(driver)?;
    let booted = Booted::start("survival.target")?;
    booted.wait_for("docker version", PATIENCE).map_err(|failure| {
        let docker = fs::read_to_string("/mnt/dockerd.log").unwrap_or_default();
        failure.context(format!("docker does not come up:\n{}", crate::exec::tail(&docker, 10)))
    })?;
    Ok(booted)
}

/// Names and versions.
pub(super) fn engine(booted: &Booted) -> Result<String> {
    let docker = booted.docker(["version", "--format", "{{.Server.Version}}"])?;
    let docker =
        String::from_utf8_lossy(&docker.stdout).trim().split('+').next().unwrap_or_default().to_owned();
    let systemd = booted.inside("systemctl --version")?;
    let systemd = systemd.split_whitespace().nth(1).unwrap_or_default();
    Ok(format!("systemd {systemd}, docker {docker}"))
}

fn write_units(driver: Driver) -> Result<()> {
    let cgroups = match driver {
        Driver::Systemd => "systemd",
        Driver::Cgroupfs => "cgroupfs",
    };
    let data = scratch(&format!("docker-{cgroups}"));
    let docker = format!(
        "[Unit]\nDefaultDependencies=no\n[Service]\nDelegate=yes\nKillMode=process\n\
         ExecStart=/bin/sh -c 'exec dockerd -H {SOCKET} --pidfile=/run/docker.pid --data-root {} --exec-root=/run/docker-{cgroups} \
         --bridge=none --iptables=false --live-restore --exec-opt native.cgroupdriver={cgroups} >/mnt/dockerd.log 2>&1'\n",
        data.display()
    );
    let target = "[Unit]\nDefaultDependencies=no\nAllowIsolate=yes\nWants=survival-docker.service\n";
    fs::create_dir_all("/etc/systemd/system").context("cannot make the folder of units")?;
    for (name, content) in [("survival-docker.service", docker.as_str()), ("survival.target", target)] {
        fs::write(format!("/etc/systemd/system/{name}"), content)
            .with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}
