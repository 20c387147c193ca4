//! Where a scenario's daemon and client keep their files, and the daemon itself.

use super::{Client, Engine, Job, Scenario};
use crate::engines::Suite;
use crate::exec::{command, output};
use crate::inside::scratch;
use diag::{Failure, Result, ResultExt};
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The configuration file of a daemon that was started without another.
pub(super) const DAEMON_JSON: &str = "/etc/docker/daemon.json";

/// The files of one scenario.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) socket: PathBuf,
    /// The doctor, where every user may execute it.
    pub(super) longshore: PathBuf,
}

impl Place {
    pub(super) fn make(job: &Job, scenario: &Scenario) -> Result<Self> {
        let folder = scratch("doctor").join(scenario.name.replace(' ', "-"));
        let client = folder.join("client");
        let socket = match scenario.client {
            Client::DesktopContext => folder.join("home/.docker/desktop/docker.sock"),
            _ => folder.join("docker.sock"),
        };
        for folder in [client.as_path(), socket.parent().unwrap_or(&folder)] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let longshore = folder.join("longshore");
        fs::copy(job.dist.join("longshore"), &longshore).context("cannot copy the doctor")?;
        let place = Self { folder, socket, longshore };
        if scenario.client == Client::DesktopContext {
            place.write_context()?;
        }
        if scenario.engine == Engine::BrokenFile {
            fs::create_dir_all("/etc/docker").context("cannot make /etc/docker")?;
            fs::write(DAEMON_JSON, "{\n  \"runtimes\": {\n}").context("cannot write daemon.json")?;
        }
        Ok(place)
    }

    /// What Docker Desktop leaves in the client's configuration.
    fn write_context(&self) -> Result<()> {
        let store = self.folder.join("client/contexts/meta/desktop");
        fs::create_dir_all(&store).context("cannot make the context's folder")?;
        let endpoints = serde_json::json!({"docker": {"Host": self.address(), "SkipTLSVerify": false}});
        let meta = serde_json::json!({"Name": "desktop-linux", "Metadata": {}, "Endpoints": endpoints});
        fs::write(store.join("meta.json"), meta.to_string()).context("cannot write the context")?;
        let config = "{\"auths\": {}, \"currentContext\": \"desktop-linux\"}";
        fs::write(self.folder.join("client/config.json"), config).context("cannot write the client's file")
    }

    pub(super) fn address(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// A command of this client's user.
    pub(super) fn called<S: AsRef<OsStr>>(
        &self,
        words: impl IntoIterator<Item = S>,
        client: Client,
    ) -> Command {
        if client != Client::Stranger {
            return command(words);
        }
        let mut setpriv = command(["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"]);
        setpriv.args(words);
        setpriv
    }

    pub(super) fn docker(&self, client: Client) -> Command {
        self.called(["timeout", "-k", "5", "60", "docker", "-H", &self.address()], client)
    }
}

/// A daemon that ends with this value.
pub(super) struct Daemon(Child);

impl Daemon {
    /// The daemon, when the scenario has one that runs.
    pub(super) fn start(suite: Suite, place: &Place, scenario: &Scenario) -> Result<Option<Self>> {
        if scenario.engine != Engine::Runs {
            return Ok(None);
        }
        let file = |name: &str| place.folder.join(name).display().to_string();
        let log = fs::File::create(file("log")).context("cannot write the log of dockerd")?;
        // By `env`: the daemon is found in its own PATH, not in the one of this process.
        let mut dockerd = command(["/usr/bin/env", "dockerd", "--bridge=none", "--iptables=false"]);
        if suite != Suite::Bookworm {
            dockerd.arg("--ip6tables=false");
        }
        dockerd.args(["-H", &place.address(), "--data-root", &file("data"), "--exec-root", &file("exec")]);
        dockerd.args(["--pidfile", &file("pid"), "--config-file", &file("daemon.json")]);
        fs::write(file("daemon.json"), "{}").context("cannot write daemon.json")?;
        let errors = log.try_clone().context("cannot write the log of dockerd")?;
        dockerd.env_clear().env("PATH", scenario.path).stdin(Stdio::null()).stdout(log).stderr(errors);
        let mut daemon = Self(dockerd.spawn().context("cannot start dockerd")?);
        daemon.wait(place)?;
        Ok(Some(daemon))
    }

    fn wait(&mut self, place: &Place) -> Result<()> {
        let started = Instant::now();
        while !output(place.docker(Client::Socket).arg("version"))?.status.success() {
            let ended = self.0.try_wait().context("cannot look after dockerd")?.is_some();
            if ended || started.elapsed() > Duration::from_secs(45) {
                let log = fs::read_to_string(place.folder.join("log")).unwrap_or_default();
                return Err(Failure::new(format!(
                    "dockerd does not answer:\n{}",
                    crate::exec::tail(&log, 10)
                )));
            }
            sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // In good order, so that its containerd ends too; the simulated host's end would end both.
        let _asked = output(&mut command(["kill", "-TERM", &self.0.id().to_string()]));
        let _status = self.0.wait();
    }
}
