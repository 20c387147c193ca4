//! What Docker 29.2 and later make of `--gpus`: with `nvidia-cdi-hook` in the daemon's `PATH` it becomes names
//! of CDI devices, and where these cannot be resolved the prestart hook. That daemon cannot be had here; the
//! names that it makes are given to this one as devices, and every way must come to the same.

use crate::engines::GLIBC;
use crate::exec::{capture, command};
use crate::inside::check::Ledger;
use crate::inside::docker::Docker;
use crate::inside::expect::{Expect, text};
use diag::{Failure, Result, ResultExt};
use std::fs;

/// A value of `--gpus`, and the names that Docker 29 makes of it.
const NAMES: &[(&str, &[&str])] = &[
    ("all", &["all"]),
    ("1", &["0"]),
    ("2", &["0", "1"]),
    ("device=3", &["3"]),
    ("\"device=5,2\"", &["5", "2"]),
    ("device=UUID", &["UUID"]),
];

/// Runs all cases; Docker before 25 knows no CDI devices.
pub(super) fn run(docker: &mut Docker, host: &[String], engine: &str, ledger: &mut Ledger) -> Result<()> {
    ledger.check(engine, "both hooks are found in the daemon's PATH", programs)?;
    if docker.version()?.starts_with("20.") {
        return Ok(());
    }
    capture(&mut command(["nvidia-ctk", "runtime", "configure", "--runtime=docker", "--cdi.enabled"]))?;
    docker.restart()?;
    let uuid =
        host.get(6).and_then(|line| line.split_once("UUID: ")).map(|(_, uuid)| uuid.trim_end_matches(')'));
    let uuid = uuid.ok_or_else(|| Failure::new("the host shows no seventh GPU"))?;
    ledger.check(engine, "CDI first: without a specification the hook serves", || {
        let refused = docker.client(by_cdi(&["all"], "true"))?;
        Expect::Fails(&["unresolvable CDI devices nvidia.com/gpu=all"]).judge(host, &refused)?;
        let words = ["run", "--rm", "--network", "none", "--gpus", "all", GLIBC, "nvidia-smi", "-L"];
        Expect::EveryGpu.judge(host, &docker.client(words)?)
    })?;
    for flag in [None, Some("--live")] {
        let kind = if flag.is_some() { "live specification" } else { "specification" };
        capture(command(["longshore", "cdi", "refresh"]).args(flag))?;
        for (value, names) in NAMES {
            let value = value.replace("UUID", uuid);
            let names: Vec<String> = names.iter().map(|name| name.replace("UUID", uuid)).collect();
            ledger.check(engine, &format!("CDI first: --gpus {value}, {kind}"), || {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                same(docker, &value, &names)
            })?;
        }
    }
    ledger.check(engine, "CDI first: a live specification is never stale", || never_stale(docker, host))?;
    capture(&mut command(["rm", "-rf", "/var/run/cdi"])).map(drop)
}

/// Docker only asks whether there is such a program.
fn programs() -> Result<()> {
    let script = "for name in nvidia-cdi-hook nvidia-container-runtime-hook; do
        path=$(command -v $name) && test -x $path && readlink -f $path || exit; done | sort -u | wc -l";
    match capture(&mut command(["sh", "-c", script]))?.trim() {
        "1" => Ok(()),
        other => Err(Failure::new(format!("they are {other} programs"))),
    }
}

fn by_cdi<'a>(names: &[&'a str], program: &'a str) -> Vec<String> {
    let devices = names.iter().flat_map(|name| ["--device".to_owned(), format!("nvidia.com/gpu={name}")]);
    let run = ["run", "--rm", "--network", "none"].map(str::to_owned);
    let program = program.split(' ').map(str::to_owned);
    run.into_iter().chain(devices).chain([GLIBC.to_owned()]).chain(program).collect()
}

/// GPUs, nodes and libraries: compute and utility are what the hook gives by default, and a specification
/// gives everything.
const LOOK: &str = "nvidia-smi -L; ls -d /dev/nvidia* | grep -v modeset; ls /usr/lib/*/libcuda.so.* /usr/lib/*/libnvidia-ml.so.*";

fn same(docker: &Docker, value: &str, names: &[&str]) -> Result<()> {
    let mut shown = Vec::new();
    let mut words = by_cdi(names, "sh -c");
    words.push(LOOK.to_owned());
    let hook =
        ["run", "--rm", "--network", "none", "--gpus", value, GLIBC, "sh", "-c", LOOK].map(str::to_owned);
    for words in [words, hook.to_vec()] {
        let ended = docker.client(words)?;
        if !ended.status.success() {
            return Err(Failure::new(text(&ended)));
        }
        shown.push(String::from_utf8_lossy(&ended.stdout).into_owned());
    }
    match shown.as_slice() {
        [by_cdi, by_hook] if by_cdi == by_hook => Ok(()),
        _ => Err(Failure::new(format!("the two ways show {shown:#?}"))),
    }
}

/// A file that the specification's author saw is gone: as while a driver is upgraded.
fn never_stale(docker: &Docker, host: &[String]) -> Result<()> {
    const FILE: &str = "/usr/lib/x86_64-linux-gnu/libnvidia-opencl.so.580.95.05";
    let away = format!("{FILE}.away");
    fs::rename(FILE, &away).with_context(|| format!("cannot move {FILE}"))?;
    let by_cdi = docker.client(by_cdi(&["all"], "nvidia-smi -L"));
    let hook =
        docker.client(["run", "--rm", "--network", "none", "--gpus", "all", GLIBC, "nvidia-smi", "-L"]);
    fs::rename(&away, FILE).with_context(|| format!("cannot put {FILE} back"))?;
    Expect::EveryGpu.judge(host, &by_cdi?)?;
    Expect::EveryGpu.judge(host, &hook?)
}
