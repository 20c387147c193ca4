//! Many containers at once, and a driver library that does not answer.

use crate::engines::GLIBC;
use crate::inside::check::Ledger;
use crate::inside::docker::Docker;
use crate::inside::expect::{Expect, text};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

const CONTAINERS: usize = 64;
/// A start takes well below a second; one that waits for a library would take for ever.
const DEADLINE: Duration = Duration::from_secs(30);

pub(super) fn run(docker: &Docker, host: &[String], engine: &str, ledger: &mut Ledger) -> Result<()> {
    ledger.check(engine, "64 at once", || at_once(docker, host))?;
    ledger.check(engine, "NVML hangs: the container starts all the same", || with_broken_nvml(docker))
}

fn start(docker: &Docker) -> Result<std::process::Output> {
    docker.client(["run", "--rm", "--network", "none", "--gpus", "all", GLIBC, "nvidia-smi", "-L"])
}

/// The first of them makes the inventory, the others wait for it.
fn at_once(docker: &Docker, host: &[String]) -> Result<()> {
    let _absent_is_fine = fs::remove_file("/run/longshore/inventory.json");
    let failed: Vec<String> = thread::scope(|scope| {
        let started: Vec<_> = (0..CONTAINERS).map(|_| scope.spawn(|| start(docker))).collect();
        let ended = started.into_iter().map(|thread| thread.join());
        ended
            .filter_map(|end| match end {
                Ok(Ok(output)) => Expect::EveryGpu.judge(host, &output).err().map(|failure| failure.line()),
                Ok(Err(failure)) => Some(failure.line()),
                Err(_) => Some("a thread ended".to_owned()),
            })
            .collect()
    });
    match failed.first() {
        None => Ok(()),
        Some(first) => Err(Failure::new(format!("{} of {CONTAINERS} failed: {first}", failed.len()))),
    }
}

/// The library is replaced by one that cannot even be read to its end; whatever would load it on the way
/// of a container would fail or hang.
fn with_broken_nvml(docker: &Docker) -> Result<()> {
    const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.580.95.05";
    let whole = fs::read(LIBRARY).with_context(|| format!("cannot read {LIBRARY}"))?;
    let header = whole.get(..4096).unwrap_or(&whole);
    fs::write(LIBRARY, header).with_context(|| format!("cannot write {LIBRARY}"))?;
    let started = Instant::now();
    let ended =
        docker.client(["run", "--rm", "--network", "none", "--gpus", "all", GLIBC, "ls", "/dev/nvidia7"]);
    fs::write(LIBRARY, &whole).with_context(|| format!("cannot write {LIBRARY}"))?;
    let ended = ended?;
    match (ended.status.success(), started.elapsed() < DEADLINE) {
        (true, true) => Ok(()),
        (false, _) => Err(Failure::new(text(&ended))),
        (true, false) => Err(Failure::new(format!("the start took {} s", started.elapsed().as_secs()))),
    }
}
