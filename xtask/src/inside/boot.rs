//! A machine with systemd: in the simulated host a systemd boots as the first process of a pid namespace of
//! its own, with the packages' own `docker.service` and `containerd.service`. The files are those of the
//! simulated host, `/run` too, so that what is done beside it and inside it meets.

use super::expect::text;
use super::scratch;
use crate::exec::{capture, command, output, tail};
use diag::{Failure, Result, ResultExt};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);

/// What the simulation has put over files of `/proc` is kept for the new `/proc`; systemd gets a control
/// group and a namespace of such groups of its own, of the unified tree or of every one of version 1.
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
name=systemd-of-$(date +%s%N); export UNIT="$0"
trees=$(grep ' - cgroup2\? ' /proc/self/mountinfo | cut -d' ' -f5 | grep '^/sys/fs/cgroup')
for tree in $trees; do
  mkdir $tree/$name
  for file in cpuset.cpus cpuset.mems; do [ ! -e $tree/$file ] || cat $tree/$file > $tree/$name/$file; done
  echo 0 > $tree/$name/cgroup.procs
done
export trees
exec unshare -C sh -c 'umount -R /sys/fs/cgroup
if [ "$trees" = /sys/fs/cgroup ]; then mount -t cgroup2 cgroup2 /sys/fs/cgroup; else
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  for tree in $trees; do
    options=${tree##*/}; [ $options != systemd ] || options=none,name=systemd
    mkdir $tree; mount -t cgroup -o $options cgroup $tree
  done
fi
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit="$UNIT"'"#;

/// The unit of a machine with a network and many users.
pub(super) const MULTI_USER: &str = "multi-user.target";

/// The services of a machine with Docker.
pub(super) const DOCKER: &[&str] = &["docker.service", "docker.socket", "containerd.service"];

/// Lays systemd over the root of the simulated host; `systemd` is its tree. Docker is told, in the file that
/// its package has for that, to leave the machine's network alone.
pub(super) fn lay(systemd: &Path) -> Result<()> {
    let copied = "cp -a --no-clobber \"$0\"/usr/. /usr/ && cp -a --no-clobber \"$0\"/etc/. /etc/ && ldconfig";
    capture(command(["sh", "-c", copied]).arg(systemd))?;
    // Scripts of another init, which systemd would mind.
    capture(&mut command(["rm", "-rf", "/etc/init.d", "/mnt/keep"]))?;
    fs::create_dir_all("/etc/default").context("cannot make /etc/default")?;
    fs::write("/etc/default/docker", "DOCKER_OPTS=\"--bridge=none --iptables=false\"\n")
        .context("cannot write /etc/default/docker")
}

/// Has services start at each boot, as their packages do.
pub(super) fn enable(services: &[&str]) -> Result<()> {
    for service in services {
        let target = if service.ends_with(".socket") { "sockets.target" } else { MULTI_USER };
        let wants = format!("/etc/systemd/system/{target}.wants");
        fs::create_dir_all(&wants).context("cannot make a folder of units")?;
        capture(&mut command(["ln", "-sf", &format!("/usr/lib/systemd/system/{service}"), &wants]))?;
    }
    Ok(())
}

/// A booted systemd; everything in it ends with this value.
#[derive(Debug)]
pub(super) struct Booted {
    launcher: Child,
    /// The first process, as counted here.
    pid: String,
}

impl Booted {
    /// Boots a machine, and waits until it is up: all that is enabled has been started.
    pub(super) fn machine() -> Result<Self> {
        let machine = Self::start(MULTI_USER)?;
        let up = "state=$(systemctl is-system-running); [ $state = running ] || [ $state = degraded ]";
        machine.wait_for(up, PATIENCE).map_err(|failure| {
            let jobs = machine.inside("systemctl list-jobs --no-pager").unwrap_or_default();
            failure.context(format!("the machine does not come up:\n{jobs}"))
        })?;
        Ok(machine)
    }

    /// Boots to one unit, and waits until systemd answers.
    pub(super) fn start(unit: &str) -> Result<Self> {
        let log = scratch("systemd.log");
        let out = File::create(&log).context("cannot write the log of systemd")?;
        let err = out.try_clone().context("cannot write the log of systemd")?;
        let mut unshare = command(["unshare", "-m", "-p", "-f", "--kill-child", "--propagation", "private"]);
        let launcher = unshare.args(["sh", "-c", BOOT, unit]).stdout(out).stderr(err).spawn();
        let launcher = launcher.context("cannot start unshare")?;
        let mut booted = Self { launcher, pid: String::new() };
        booted.answers().map_err(|failure| {
            let log = fs::read_to_string(&log).unwrap_or_default();
            failure.context(format!("systemd does not come up:\n{}", tail(&log, 20)))
        })?;
        Ok(booted)
    }

    /// Ends everything at once, as a machine that loses its power, and boots again with an empty `/run`.
    pub(super) fn reboot(self) -> Result<Self> {
        drop(self);
        // What the simulation keeps there has to stay; it is no part of the machine.
        let others = "find /run -xdev -mindepth 1 -maxdepth 1 ! -name 'longshore-sim*' -exec rm -rf --one-file-system {} +";
        capture(&mut command(["sh", "-c", others]))?;
        Self::machine()
    }

    /// Runs a script beside systemd, and gives its standard output; an error unless it succeeds.
    pub(super) fn inside(&self, script: &str) -> Result<String> {
        capture(&mut self.command(script))
    }

    /// Runs a script beside systemd, however it ends.
    pub(super) fn run(&self, script: &str) -> Result<Output> {
        output(&mut self.command(script))
    }

    /// Tries a script until it succeeds.
    pub(super) fn wait_for(&self, script: &str, patience: Duration) -> Result<()> {
        let started = Instant::now();
        loop {
            let tried = self.run(script)?;
            if tried.status.success() {
                return Ok(());
            }
            if started.elapsed() > patience {
                return Err(Failure::new(format!("`{script}` fails for too long: {}", text(&tried))));
            }
            sleep(PAUSE);
        }
    }

    /// The last lines that a unit wrote.
    pub(super) fn log(&self, unit: &str) -> String {
        self.inside(&format!("journalctl --no-pager -o cat -n 20 -u {unit}")).unwrap_or_default()
    }

    /// The process id of a service's main process, as counted inside; 0 for one that does not run. It tells
    /// whether there was a restart.
    pub(super) fn main_pid(&self, unit: &str) -> Result<String> {
        let shown = self.inside(&format!("systemctl show --property=MainPID --value {unit}"))?;
        Ok(shown.trim().to_owned())
    }

    /// Docker's client, with `DOCKER_HOST` as the machine has it.
    pub(super) fn docker<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Result<Output> {
        let mut client = command(["timeout", "-k", "5", "60", "nsenter", "-t", &self.pid, "-m", "-p", "-C"]);
        output(client.arg("docker").args(words))
    }

    /// Loads an image into Docker.
    pub(super) fn load(&self, archive: &Path) -> Result<()> {
        let loaded = self.docker([OsStr::new("load"), OsStr::new("--input"), archive.as_os_str()])?;
        if loaded.status.success() { Ok(()) } else { Err(Failure::new(text(&loaded))) }
    }

    /// A script beside systemd, to be run.
    pub(super) fn command(&self, script: &str) -> std::process::Command {
        command(["nsenter", "-t", &self.pid, "-m", "-p", "-C", "sh", "-c", script])
    }

    fn answers(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            if self.pid.is_empty() {
                let children = format!("/proc/{0}/task/{0}/children", self.launcher.id());
                self.pid = fs::read_to_string(children).unwrap_or_default().trim().to_owned();
            } else if self.run("systemctl show --property=Version")?.status.success() {
                return Ok(());
            }
            let ended = self.launcher.try_wait().context("cannot look after systemd")?;
            if let Some(status) = ended {
                return Err(Failure::new(format!("it ended with {status}")));
            }
            if started.elapsed() > PATIENCE {
                return Err(Failure::new("it takes too long"));
            }
            sleep(PAUSE);
        }
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        // The kernel ends all that lives in the namespace of its first process.
        let _ended = self.launcher.kill();
        let _status = self.launcher.wait();
        for left in ["docker.pid", "docker.sock", "docker/containerd/containerd.pid"] {
            let _gone = fs::remove_file(Path::new("/run").join(left));
        }
        let _gone = fs::remove_dir_all("/mnt/keep");
    }
}
