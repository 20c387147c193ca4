//! Docker and Podman without root rights beside Docker and Podman with them, on one machine with one
//! configuration: whether a device cgroup is to be managed is seen from the container, not from a setting.

use crate::engines::GLIBC;
use crate::exec::{capture, command, output, tail};
use crate::inside::check::Ledger;
use crate::inside::docker::Docker;
use crate::inside::expect::{Expect, text};
use crate::inside::{Job, scratch};
use diag::{Failure, Result, ResultExt};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) const HOME: &str = "/mnt/user";
const SOCKET: &str = "unix:///mnt/user/run/docker.sock";
/// The user's own runtimes come first.
const PATH: &str = "/mnt/user/bin:/usr/share/docker.io/contrib:/usr/sbin:/usr/bin:/sbin:/bin";
const PATIENCE: Duration = Duration::from_secs(60);

/// A user with a range of subordinate ids; what rootless engines expect of a machine. The runtimes of the
/// user are the real ones: the simulation's wrapper cannot find itself where `/run` is a copy.
const PREPARE: &str = "set -e
cp -a --no-clobber \"$0\"/usr/. /usr/; cp -a --no-clobber \"$0\"/etc/. /etc/; ldconfig
echo 'user:x:1000:1000::/mnt/user:/bin/sh' >> /etc/passwd; echo 'user:x:1000:' >> /etc/group
echo 'user:100000:65536' > /etc/subuid; cp /etc/subuid /etc/subgid
mkdir -p /dev/net; [ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200; chmod 666 /dev/net/tun
mount --make-rshared /; chmod 755 /mnt
mkdir -p /mnt/user; mount -t tmpfs -o mode=755 home /mnt/user
mkdir /mnt/user/bin
for r in runc crun; do
  for d in /usr/bin /usr/sbin; do
    r=$d/${r##*/}; [ ! -e /run/longshore-sim/real$r ] || cp -aL /run/longshore-sim/real$r /mnt/user/bin/
  done
done
mkdir -m 700 /mnt/user/run; chown -R user:user /mnt/user; chmod u+s /usr/bin/newuidmap /usr/bin/newgidmap";

pub(super) fn run(job: &Job, tools: &Path, host: &[String], ledger: &mut Ledger) -> Result<()> {
    prepare(tools)?;
    let mut daemon = start()?;
    let end = wait(&mut daemon).and_then(|()| cases(job, host, ledger));
    let _ended = daemon.kill();
    let _status = daemon.wait();
    end
}

/// Makes the user; `tools` is a tree with what their engines need.
pub(crate) fn prepare(tools: &Path) -> Result<()> {
    capture(command(["sh", "-c", PREPARE]).arg(tools)).map(drop)
}

/// Where the user has this low-level runtime.
pub(crate) fn runtime(name: &str) -> String {
    format!("{HOME}/bin/{name}")
}

fn cases(job: &Job, host: &[String], ledger: &mut Ledger) -> Result<()> {
    let mut docker = Docker::start(job.suite()?)?;
    docker.load(&job.images.join("glibc.tar"))?;
    let loaded = output(client().arg("load").arg("--input").arg(job.images.join("glibc.tar")))?;
    if !loaded.status.success() {
        return Err(Failure::new(text(&loaded)));
    }
    ledger.check("docker without root", "no configuration is needed", || {
        match fs::exists("/etc/nvidia-container-runtime/config.toml") {
            Ok(false) => Ok(()),
            _ => Err(Failure::new("there is a configuration")),
        }
    })?;
    // What people add to it by hand: nothing that concerns one kind of engine alone.
    fs::create_dir_all("/etc/nvidia-container-runtime").context("cannot make the folder of the settings")?;
    fs::write("/etc/nvidia-container-runtime/config.toml", "[nvidia-container-cli]\nload-kmods = true\n")
        .context("cannot write the settings")?;
    for (options, expect) in CASES {
        let words = ["run", "--rm", "--network", "none"].iter().chain(*options).chain(&[GLIBC]).chain(LIST);
        let words: Vec<&str> = words.copied().collect();
        let case = options.join(" ");
        ledger.check("docker with root, beside", &case, || expect.judge(host, &docker.client(&words)?))?;
        ledger.check("docker without root, beside", &case, || {
            expect.judge(host, &output(client().args(&words))?)
        })?;
    }
    ledger.check("docker with root, beside", "no other GPU may be opened", || {
        let made = "mknod /tmp/n c 195 4; cat /tmp/n 2>&1 | grep -q 'not permitted' && echo refused";
        let words = ["run", "--rm", "--network", "none", "--gpus", "device=5", GLIBC, "sh", "-c", made];
        Expect::Lines(&["refused"]).judge(host, &docker.client(words)?)
    })?;
    ledger.check("docker without root, beside", "--privileged --gpus device=5", || {
        let words = ["run", "--rm", "--network", "none", "--privileged", "--gpus", "device=5", GLIBC];
        let look =
            ["sh", "-c", "nvidia-smi -L | grep -c UUID; cat /dev/nvidia5 2>&1 | grep -o 'No such device'"];
        Expect::Lines(&["1", "No such device"]).judge(host, &output(client().args(words).args(look))?)
    })?;
    docker.stop()?;
    podman_cases(job, host, ledger)
}

const LIST: &[&str] = &["nvidia-smi", "-L"];

/// The same for both.
const CASES: &[(&[&str], Expect)] = &[
    (&["--gpus", "device=5"], Expect::Gpus(&[5])),
    (&["--gpus", "\"device=2,6\""], Expect::Gpus(&[2, 6])),
    (&["--gpus", "all"], Expect::EveryGpu),
    (&["--gpus", "2", "--user", "1000:1000"], Expect::Gpus(&[0, 1])),
    (&["--gpus", "device=1", "--read-only"], Expect::Gpus(&[1])),
    (&["--gpus", "device=9"], Expect::Fails(&["device error: 9: unknown device", "0-7"])),
];

/// Podman by a specification, and by a hook in a folder of hooks, as of old.
fn podman_cases(job: &Job, host: &[String], ledger: &mut Ledger) -> Result<()> {
    super::super::podman_cases::generate(job)?;
    fs::create_dir_all("/mnt/hooks").context("cannot make the folder of hooks")?;
    fs::write("/mnt/hooks/nvidia.json", HOOK).context("cannot write a hook")?;
    for (name, with_rights) in [("with root", true), ("without root", false)] {
        let podman = || {
            if with_rights { podman(with_root(), "runc") } else { podman(as_user(), &runtime("runc")) }
        };
        let engine = format!("podman {name}, beside");
        let archive = job.images.join("glibc.tar");
        let loaded = output(podman().args(["load", "--input"]).arg(archive))?;
        if !loaded.status.success() {
            return Err(Failure::new(text(&loaded)));
        }
        let run = ["run", "--rm", "--network", "none"];
        ledger.check(&engine, "--device nvidia.com/gpu=5", || {
            let words = ["--device", "nvidia.com/gpu=5", GLIBC];
            Expect::Gpus(&[5]).judge(host, &output(podman().args(run).args(words).args(LIST))?)
        })?;
        ledger.check(&engine, "--hooks-dir, as of old", || {
            let mut podman = podman();
            podman.args(["--hooks-dir", "/mnt/hooks"]).args(run);
            let words = ["-e", "NVIDIA_VISIBLE_DEVICES=2,6", GLIBC];
            Expect::Gpus(&[2, 6]).judge(host, &output(podman.args(words).args(LIST))?)
        })?;
    }
    Ok(())
}

const HOOK: &str = r#"{"version": "1.0.0", "when": {"always": true}, "stages": ["prestart"],
    "hook": {"path": "/usr/bin/nvidia-container-runtime-hook", "args": ["nvidia-container-runtime-hook", "prestart"],
             "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}}"#;

fn with_root() -> Command {
    command(["timeout", "-k", "5", "90"])
}

pub(crate) fn podman(mut who: Command, runtime: &str) -> Command {
    who.args(["podman", "--storage-driver", "vfs", "--runtime", runtime, "--cgroup-manager", "cgroupfs"]);
    who
}

pub(crate) fn client() -> Command {
    command(["timeout", "-k", "5", "90", "docker", "-H", SOCKET])
}

pub(crate) fn as_user() -> Command {
    let mut line = command(["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--inh-caps=-all"]);
    line.env("HOME", HOME).env("XDG_RUNTIME_DIR", format!("{HOME}/run")).env("USER", "user");
    line.env("PATH", PATH).current_dir(HOME);
    line
}

pub(crate) fn start() -> Result<Child> {
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

pub(crate) fn wait(daemon: &mut Child) -> Result<()> {
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
