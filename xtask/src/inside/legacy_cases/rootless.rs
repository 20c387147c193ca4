//! Docker without root rights beside Docker with them, on one machine with one configuration: whether a
//! device cgroup is to be managed is seen from the container, not from a setting.

use crate::engines::GLIBC;
use crate::exec::{capture, command, output, tail};
use crate::inside::check::Ledger;
use crate::inside::expect::{Expect, text};
use crate::inside::{Job, scratch};
use diag::{Failure, Result, ResultExt};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

const HOME: &str = "/mnt/user";
const SOCKET: &str = "unix:///mnt/user/run/docker.sock";
const PATIENCE: Duration = Duration::from_secs(60);

/// A user with a range of subordinate ids; what rootless engines expect of a machine. The runtime is the
/// real one: the simulation's wrapper cannot find itself where `/run` is a copy.
const PREPARE: &str = "set -e
cp -a --no-clobber \"$0\"/usr/. /usr/; cp -a --no-clobber \"$0\"/etc/. /etc/; ldconfig
echo 'user:x:1000:1000::/mnt/user:/bin/sh' >> /etc/passwd; echo 'user:x:1000:' >> /etc/group
echo 'user:100000:65536' > /etc/subuid; cp /etc/subuid /etc/subgid
mkdir -p /dev/net; [ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200; chmod 666 /dev/net/tun
mount --make-rshared /; chmod 755 /mnt
mkdir -p /mnt/user; mount -t tmpfs -o mode=755 home /mnt/user
for r in /usr/bin/runc /usr/sbin/runc; do
  [ ! -e /run/longshore-sim/real$r ] || { rm $r; cp -a /run/longshore-sim/real$r $r; }
done
mkdir -m 700 /mnt/user/run; chown -R user:user /mnt/user; chmod u+s /usr/bin/newuidmap /usr/bin/newgidmap";

pub(super) fn run(job: &Job, tools: &Path, host: &[String], ledger: &mut Ledger) -> Result<()> {
    capture(command(["sh", "-c", PREPARE]).arg(tools))?;
    let mut daemon = start()?;
    let end = wait(&mut daemon).and_then(|()| cases(job, host, ledger));
    let _ended = daemon.kill();
    let _status = daemon.wait();
    end
}

fn cases(job: &Job, host: &[String], ledger: &mut Ledger) -> Result<()> {
    let engine = "docker without root";
    let loaded = output(client().arg("load").arg("--input").arg(job.images.join("glibc.tar")))?;
    if !loaded.status.success() {
        return Err(Failure::new(text(&loaded)));
    }
    let words = ["run", "--rm", "--network", "none", "--gpus"];
    ledger.check(engine, "--gpus device=5", || {
        Expect::Gpus(&[5])
            .judge(host, &output(client().args(words).args(["device=5", GLIBC, "nvidia-smi", "-L"]))?)
    })?;
    ledger.check(engine, "--gpus all", || {
        Expect::EveryGpu.judge(host, &output(client().args(words).args(["all", GLIBC, "nvidia-smi", "-L"]))?)
    })?;
    ledger.check(engine, "--gpus device=9", || {
        let ended = output(client().args(words).args(["device=9", GLIBC, "true"]))?;
        Expect::Fails(&["device error: 9: unknown device"]).judge(host, &ended)
    })?;
    ledger.check(engine, "no configuration was needed", || {
        match fs::exists("/etc/nvidia-container-runtime") {
            Ok(false) => Ok(()),
            _ => Err(Failure::new("there is a configuration")),
        }
    })
}

fn client() -> Command {
    command(["timeout", "-k", "5", "90", "docker", "-H", SOCKET])
}

fn as_user() -> Command {
    let mut line = command(["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--inh-caps=-all"]);
    line.env("HOME", HOME).env("XDG_RUNTIME_DIR", format!("{HOME}/run")).env("USER", "user");
    line.env("PATH", "/usr/share/docker.io/contrib:/usr/sbin:/usr/bin:/sbin:/bin").current_dir(HOME);
    line
}

fn start() -> Result<Child> {
    let log = File::create(scratch("rootless.log")).context("cannot write a log")?;
    let errors = log.try_clone().context("cannot write a log")?;
    let mut daemon = as_user();
    daemon.env("DOCKERD_ROOTLESS_ROOTLESSKIT_NET", "slirp4netns");
    daemon.args([
        "dockerd-rootless.sh",
        "-H",
        SOCKET,
        "--data-root",
        "/mnt/user/data",
        "--exec-root",
        "/mnt/user/run/docker",
    ]);
    daemon.args(["-p", "/mnt/user/run/docker.pid", "--iptables=false", "--bridge=none"]);
    daemon.stdout(log).stderr(errors).spawn().context("cannot start dockerd-rootless.sh")
}

fn wait(daemon: &mut Child) -> Result<()> {
    let started = Instant::now();
    loop {
        if output(client().arg("version"))?.status.success() {
            return Ok(());
        }
        let ended = daemon.try_wait().context("cannot look after the daemon")?;
        if ended.is_some() || started.elapsed() > PATIENCE {
            let log = fs::read_to_string(scratch("rootless.log")).unwrap_or_default();
            return Err(Failure::new(format!("docker without root does not come up:\n{}", tail(&log, 15))));
        }
        sleep(Duration::from_millis(200));
    }
}
