//! `daemon.json`, judged by dockerd.

use super::states::{DOCKER, DOCKER_WITH_CDI};
use super::{Job, clear, round_trip};
use crate::engines::Suite;
use crate::exec::{capture, command, tail};
use crate::inside::check::Ledger;
use crate::inside::scratch;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::time::{Duration, Instant};

const FILE: &str = "/etc/docker/daemon.json";

pub(super) fn run(job: &Job, ledger: &mut Ledger) -> Result<()> {
    let validates = job.suite()? != Suite::Bookworm;
    let version = capture(&mut command(["dockerd", "--version"]))?;
    let version =
        version.split_whitespace().nth(2).unwrap_or_default().split(['+', ',']).next().unwrap_or_default();
    let engine = format!("docker {version}");
    let newer = if validates { DOCKER_WITH_CDI } else { &[] };
    for state in DOCKER.iter().chain(newer) {
        let judge = || if validates { validated() } else { started() };
        ledger.check(&engine, state.name, || round_trip("docker", state, judge))?;
    }
    clear("/etc/docker")
}

/// Docker 23 and later look at a file without starting.
fn validated() -> Result<()> {
    capture(&mut command(["dockerd", "--validate", "--config-file", FILE])).map(drop)
}

/// Docker 20.10 is started with the file, on a socket of its own, until it answers.
fn started() -> Result<()> {
    let place = scratch("configure");
    fs::create_dir_all(&place).context("cannot make a folder for dockerd")?;
    let at = |name: &str| place.join(name).display().to_string();
    let (socket, log) = (at("docker.sock"), at("log"));
    let log_file = fs::File::create(&log).context("cannot write the log of dockerd")?;
    let errors = log_file.try_clone().context("cannot write the log of dockerd")?;
    let mut daemon = command(["dockerd", "--config-file", FILE, "--bridge=none", "--iptables=false"]);
    daemon.args(["--data-root", &at("data"), "--exec-root", &at("exec"), "--pidfile", &at("pid")]);
    daemon.args(["-H", &format!("unix://{socket}")]).stdout(log_file).stderr(errors);
    let mut daemon = daemon.spawn().context("cannot start dockerd")?;
    let began = Instant::now();
    let format = "{{json .Runtimes}}";
    let answer = loop {
        let info =
            capture(&mut command(["docker", "-H", &format!("unix://{socket}"), "info", "--format", format]));
        let ended = daemon.try_wait().context("cannot look after dockerd")?.is_some();
        if info.is_ok() || ended || began.elapsed() > Duration::from_secs(30) {
            break info;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let _ended = daemon.kill();
    let _status = daemon.wait();
    let said = fs::read_to_string(&log).unwrap_or_default();
    let answer = answer.map_err(|failure| failure.context(tail(&said, 5)))?;
    if answer.contains("\"nvidia\"") { Ok(()) } else { Err(Failure::new(format!("docker shows {answer}"))) }
}
