//! A Docker daemon of our own: private data, private socket, gone with the simulated host.

use super::scratch;
use crate::engines::Suite;
use crate::exec::{capture, command, output, pipe, tail};
use diag::{Failure, Result, ResultExt};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

const SOCKET: &str = "/run/docker.sock";

/// How long the daemon may take to answer after its start.
const PATIENCE: Duration = Duration::from_secs(45);

/// The daemon; it ends with this value.
#[derive(Debug)]
pub(crate) struct Docker {
    daemon: Child,
    options: Vec<String>,
    log: PathBuf,
}

impl Docker {
    /// Starts the daemon and waits until it answers.
    pub(crate) fn start(suite: Suite) -> Result<Self> {
        let data = scratch("docker").display().to_string();
        let mut options = vec!["--data-root".to_string(), data, "--exec-root=/run/docker".to_string()];
        options.extend(["--bridge=none".to_string(), "--iptables=false".to_string()]);
        if suite != Suite::Bookworm {
            options.push("--ip6tables=false".to_string());
        }
        let log = scratch("dockerd.log");
        let daemon = spawn(&options, &log)?;
        let mut docker = Self { daemon, options, log };
        docker.wait()?;
        Ok(docker)
    }

    /// Ends the daemon and starts it again, as `systemctl restart docker` would.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.daemon = spawn(&self.options, &self.log)?;
        self.wait()
    }

    /// Ends the daemon in good order.
    pub(crate) fn stop(&mut self) -> Result<()> {
        capture(command(["kill", "-TERM"]).arg(self.daemon.id().to_string()))?;
        self.daemon.wait().context("cannot wait for dockerd").map(drop)
    }

    /// The server's version.
    pub(crate) fn version(&self) -> Result<String> {
        let text = capture(&mut client(["version", "--format", "{{.Server.Version}}"]))?;
        Ok(text.trim().split('+').next().unwrap_or_default().to_string())
    }

    /// Loads an image from its archive.
    pub(crate) fn load(&self, archive: &Path) -> Result<()> {
        capture(client(["load", "--input"]).arg(archive)).map(drop)
    }

    /// Makes an image of one layer from a tree; to be called while a daemon runs.
    pub(crate) fn import(tree: &Path, tag: &str) -> Result<()> {
        let mut pack = command(["tar", "--create", "--numeric-owner", "--directory"]);
        pipe(pack.arg(tree).arg("."), &mut client(["import", "-", tag]))
    }

    /// Runs the client with these words; to be called while a daemon runs.
    pub(crate) fn words(words: &[&str]) -> Result<Output> {
        output(&mut client(words))
    }

    /// Runs the client with these words.
    pub(crate) fn client<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Result<Output> {
        output(&mut client(words))
    }

    fn wait(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            if output(&mut client(["version"]))?.status.success() {
                return Ok(());
            }
            let ended = self.daemon.try_wait().context("cannot look after dockerd")?;
            if ended.is_some() || started.elapsed() > PATIENCE {
                let log = fs::read_to_string(&self.log).unwrap_or_default();
                return Err(Failure::new(format!(
                    "dockerd does not answer; its log ends with\n{}",
                    tail(&log, 15)
                )));
            }
            sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        // Already ended is fine; the simulated host's end would end it too.
        let _ended = self.daemon.kill();
        let _status = self.daemon.wait();
    }
}

fn spawn(options: &[String], log: &Path) -> Result<Child> {
    let log =
        File::options().create(true).append(true).open(log).context("cannot write the log of dockerd")?;
    let errors = log.try_clone().context("cannot write the log of dockerd")?;
    let mut daemon = command(["dockerd", "-H", &format!("unix://{SOCKET}"), "--pidfile=/run/docker.pid"]);
    daemon.args(options).stdout(log).stderr(errors).spawn().context("cannot start dockerd")
}

fn client<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Command {
    let mut client = command(["timeout", "-k", "5", "90", "docker", "-H"]);
    client.arg(format!("unix://{SOCKET}")).args(words);
    client
}
