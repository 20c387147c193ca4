//! A systemd that is the first process of a pid namespace of its own, and Docker as its service.

use crate::exec::{capture, command, output, tail};
use crate::inside::scratch;
use diag::{Failure, Result, ResultExt};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
const SOCKET: &str = "unix:///run/docker.sock";

/// What the simulation has put over files of `/proc` is kept for the new `/proc`; systemd gets a control
/// group and a namespace of such groups of its own.
const BOOT: &str = r#"set -e
keep=/mnt/keep; mkdir -p $keep; n=0
for place in $(cut -d' ' -f5 /proc/self/mountinfo | grep '^/proc/'); do
  n=$((n+1)); if [ -d $place ]; then mkdir -p $keep/$n; else : > $keep/$n; fi
  mount --bind $place $keep/$n; echo "$n $place" >> $keep/list
done
mount -t proc proc /proc
[ ! -e $keep/list ] || while read n place; do mount --bind $keep/$n $place; done < $keep/list
echo 0123456789abcdef0123456789abcdef > /etc/machine-id
mkdir -p /run/systemd; rm -rf /run/systemd/*
group=/sys/fs/cgroup/systemd-of-$(date +%s%N); mkdir $group; echo 0 > $group/cgroup.procs
exec unshare -C sh -c 'umount /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=survival.target'"#;

/// The cgroup driver of Docker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Driver {
    Systemd,
    Cgroupfs,
}

/// A booted systemd; everything in it ends with this value.
#[derive(Debug)]
pub(super) struct Booted {
    launcher: Child,
    /// The first process, as counted here.
    pid: String,
}

impl Booted {
    /// Boots, and waits until Docker answers.
    pub(super) fn start(driver: Driver) -> Result<Self> {
        write_units(driver)?;
        let log = scratch("systemd.log");
        let out = File::create(&log).context("cannot write the log of systemd")?;
        let err = out.try_clone().context("cannot write the log of systemd")?;
        let mut unshare = command(["unshare", "-m", "-p", "-f", "--kill-child", "--propagation", "private"]);
        let launcher = unshare.args(["sh", "-c", BOOT]).stdout(out).stderr(err).spawn();
        let launcher = launcher.context("cannot start unshare")?;
        let mut booted = Self { launcher, pid: String::new() };
        let end = booted.wait();
        end.map_err(|failure| {
            let log = fs::read_to_string(&log).unwrap_or_default();
            let docker = fs::read_to_string("/mnt/dockerd.log").unwrap_or_default();
            failure.context(format!(
                "systemd or docker does not come up:\n{}\n{}",
                tail(&log, 20),
                tail(&docker, 10)
            ))
        })?;
        Ok(booted)
    }

    /// Names and versions.
    pub(super) fn engine(&self) -> Result<String> {
        let docker = self.docker(["version", "--format", "{{.Server.Version}}"])?;
        let docker =
            String::from_utf8_lossy(&docker.stdout).trim().split('+').next().unwrap_or_default().to_owned();
        let systemd = self.inside("systemctl --version")?;
        let systemd = systemd.split_whitespace().nth(1).unwrap_or_default();
        Ok(format!("systemd {systemd}, docker {docker}"))
    }

    /// Loads an image.
    pub(super) fn load(&self, archive: &Path) -> Result<()> {
        let loaded = self.docker([OsStr::new("load"), OsStr::new("--input"), archive.as_os_str()])?;
        if loaded.status.success() { Ok(()) } else { Err(Failure::new(crate::inside::expect::text(&loaded))) }
    }

    /// Runs the client.
    pub(super) fn docker<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Result<Output> {
        output(command(["timeout", "-k", "5", "60", "docker", "-H", SOCKET]).args(words))
    }

    /// Runs a script beside systemd.
    pub(super) fn inside(&self, script: &str) -> Result<String> {
        capture(&mut command(["nsenter", "-t", &self.pid, "-m", "-p", "-C", "sh", "-c", script]))
    }

    fn wait(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            if self.pid.is_empty() {
                let children = format!("/proc/{0}/task/{0}/children", self.launcher.id());
                self.pid = fs::read_to_string(children).unwrap_or_default().trim().to_owned();
            } else if self.docker(["version"])?.status.success() {
                return Ok(());
            }
            let ended = self.launcher.try_wait().context("cannot look after systemd")?;
            if let Some(status) = ended {
                return Err(Failure::new(format!("it ended with {status}")));
            }
            if started.elapsed() > PATIENCE {
                return Err(Failure::new("it takes too long"));
            }
            sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        // The kernel ends all that lives in the namespace of its first process.
        let _ended = self.launcher.kill();
        let _status = self.launcher.wait();
        let _gone = fs::remove_file("/run/docker.sock");
        let _gone = fs::remove_file("/run/docker.pid");
        let _gone = fs::remove_dir_all("/mnt/keep");
    }
}

fn write_units(driver: Driver) -> Result<()> {
    let cgroups = match driver {
        Driver::Systemd => "systemd",
        Driver::Cgroupfs => "cgroupfs",
    };
    let data = scratch(&format!("docker-{cgroups}"));
    let docker = format!(
        "[Unit]\nDefaultDependencies=no\n[Service]\nDelegate=yes\n\
         ExecStart=/bin/sh -c 'exec dockerd -H {SOCKET} --pidfile=/run/docker.pid --data-root {} --exec-root=/run/docker-{cgroups} \
         --bridge=none --iptables=false --exec-opt native.cgroupdriver={cgroups} >/mnt/dockerd.log 2>&1'\n",
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
