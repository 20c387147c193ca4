//! `daemon.json`, judged by dockerd, and by a container that gets its GPU.

use super::states::{DOCKER, DOCKER_WITH_CDI};
use super::{Job, clear, round_trip};
use crate::engines::{GLIBC, Suite};
use crate::exec::{capture, command, output, tail};
use crate::inside::check::Ledger;
use crate::inside::expect::{Expect, text};
use crate::inside::scratch;
use diag::{Failure, Result, ResultExt};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const FILE: &str = "/etc/docker/daemon.json";
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn run(job: &Job, containers: Option<&[String]>, ledger: &mut Ledger) -> Result<()> {
    let validates = job.suite()? != Suite::Bookworm;
    let version = capture(&mut command(["dockerd", "--version"]))?;
    let version =
        version.split_whitespace().nth(2).unwrap_or_default().split(['+', ',']).next().unwrap_or_default();
    let engine = format!("docker {version}");
    let newer = if validates { DOCKER_WITH_CDI } else { &[] };
    let place = Place::make(job, containers)?;
    for state in DOCKER.iter().chain(newer) {
        let judge = || {
            if validates {
                capture(&mut command(["dockerd", "--validate", "--config-file", FILE]))?;
            }
            // Docker 20.10 cannot look at a file without starting.
            if validates && containers.is_none() { Ok(()) } else { place.started() }
        };
        ledger.check(&engine, state.name, || round_trip("docker", state, judge))?;
    }
    clear("/etc/docker")
}

/// What all the daemons of this run share, so that each is up in a moment.
struct Place<'a> {
    job: &'a Job,
    containers: Option<&'a [String]>,
    folder: PathBuf,
    containerd: Daemon,
}

impl<'a> Place<'a> {
    fn make(job: &'a Job, containers: Option<&'a [String]>) -> Result<Self> {
        let folder = scratch("configure");
        fs::create_dir_all(&folder).context("cannot make a folder for dockerd")?;
        let at = |name: &str| folder.join(name).display().to_string();
        let mut containerd = command(["containerd", "-c", "/dev/null", "-a", &at("containerd.sock")]);
        containerd.args(["--root", &at("containerd"), "--state", &at("containerd-state")]);
        let containerd = Daemon::start(containerd, &folder.join("containerd.log"))?;
        Ok(Self { job, containers, folder, containerd })
    }

    /// A dockerd with the file, on a socket of its own: it shows the runtime, and a container its GPU.
    fn started(&self) -> Result<()> {
        let at = |name: &str| self.folder.join(name).display().to_string();
        let mut dockerd = command(["dockerd", "--config-file", FILE, "--bridge=none", "--iptables=false"]);
        dockerd.args(["--data-root", &at("data"), "--exec-root", &at("exec"), "--pidfile", &at("pid")]);
        dockerd.args([
            "--containerd",
            &at("containerd.sock"),
            "-H",
            &format!("unix://{}", at("docker.sock")),
        ]);
        let mut dockerd = Daemon::start(dockerd, &self.folder.join("log"))?;
        let answer = self.answer(&mut dockerd).map_err(|failure| {
            failure.context(format!("{}\n{}", dockerd.log_end(), self.containerd.log_end()))
        });
        let end = answer.and_then(|answer| {
            if !answer.contains("\"nvidia\"") {
                return Err(Failure::new(format!("docker shows {answer}")));
            }
            self.containers.map_or(Ok(()), |gpus| self.gets_its_gpu(gpus))
        });
        dockerd.stop()?;
        end
    }

    fn answer(&self, dockerd: &mut Daemon) -> Result<String> {
        let began = Instant::now();
        loop {
            let info = capture(self.client().args(["info", "--format", "{{json .Runtimes}}"]));
            // Without a daemon newer clients say "null", and that all is well.
            let answered = info.as_ref().is_ok_and(|info| info.contains("\"runc\""));
            let ended = dockerd.child.try_wait().context("cannot look after dockerd")?.is_some();
            if answered || ended || began.elapsed() > PATIENCE {
                return info;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn gets_its_gpu(&self, gpus: &[String]) -> Result<()> {
        if capture(self.client().args(["image", "inspect", GLIBC])).is_err() {
            capture(self.client().args(["load", "--input"]).arg(self.job.images.join("glibc.tar")))?;
        }
        let words = ["run", "--rm", "--network=none", "--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=1"];
        let ran = output(self.client().args(words).args([GLIBC, "nvidia-smi", "-L"]))?;
        Expect::Gpus(&[1]).judge(gpus, &ran).map_err(|failure| failure.context(text(&ran)))
    }

    fn client(&self) -> Command {
        command(["docker", "-H", &format!("unix://{}", self.folder.join("docker.sock").display())])
    }
}

/// A daemon that runs; it ends with this value.
struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    fn start(mut command: Command, log: &std::path::Path) -> Result<Self> {
        let file = File::create(log).context("cannot write the log of a daemon")?;
        let errors = file.try_clone().context("cannot write the log of a daemon")?;
        let child = command.stdout(file).stderr(errors).spawn().context("cannot start a daemon")?;
        Ok(Self { child, log: log.to_owned() })
    }

    fn stop(&mut self) -> Result<()> {
        capture(command(["kill", "-TERM"]).arg(self.child.id().to_string()))?;
        self.child.wait().context("cannot wait for a daemon").map(drop)
    }

    fn log_end(&self) -> String {
        tail(&fs::read_to_string(&self.log).unwrap_or_default(), 5)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Already ended is fine.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}
