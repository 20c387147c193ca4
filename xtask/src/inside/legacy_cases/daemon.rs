//! Names and modes: what `--gpus` does however the toolkit is set up.

use crate::engines::GLIBC;
use crate::exec::{capture, command, output};
use crate::inside::bundle;
use crate::inside::check::Ledger;
use crate::inside::docker::Docker;
use crate::inside::expect::{Expect, text};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::Path;

const FOLDER: &str = "/etc/nvidia-container-runtime";

pub(super) fn run(docker: &mut Docker, host: &[String], engine: &str, ledger: &mut Ledger) -> Result<()> {
    for mode in ["auto", "legacy", "cdi", "jit-cdi", "csv"] {
        ledger.check(engine, &format!("--gpus with mode = {mode:?}"), || with_mode(docker, host, mode))?;
    }
    ledger.check(engine, "--gpus with mode = \"cdi\" where the original's refusal is asked for", || {
        refused_as_by_the_original(docker, host)
    })?;
    ledger.check(engine, "a stale specification does not break --gpus", || with_stale_spec(docker, host))?;
    ledger.check(engine, "nodes that are missing are made", || missing_nodes(docker, host))?;
    ledger.check(engine, "links in /dev/char", || links(docker, host))?;
    configure_runtime(docker)?;
    ledger.check(engine, "nvidia-docker run", || nvidia_docker(host))?;
    ledger.check(engine, "nvidia-docker keeps the exit code", exit_code)
}

fn gpus(docker: &Docker, host: &[String]) -> Result<()> {
    let words = ["run", "--rm", "--network", "none", "--gpus", "\"device=2,3\"", GLIBC, "nvidia-smi", "-L"];
    Expect::Gpus(&[2, 3]).judge(host, &docker.client(words)?)
}

/// The mode is the runtime shim's; the hook does what it was called for.
fn with_mode(docker: &Docker, host: &[String], mode: &str) -> Result<()> {
    fs::create_dir_all(FOLDER).context("cannot make the folder of the settings")?;
    fs::write(format!("{FOLDER}/config.toml"), format!("[nvidia-container-runtime]\nmode = \"{mode}\"\n"))
        .context("cannot write the settings")?;
    let judged = gpus(docker, host);
    bundle::use_default_runtime()?;
    judged
}

fn refused_as_by_the_original(docker: &Docker, host: &[String]) -> Result<()> {
    const SETTINGS: &str =
        "[features]\noriginal-hook-modes = true\n[nvidia-container-runtime]\nmode = \"cdi\"\n";
    fs::create_dir_all(FOLDER).context("cannot make the folder of the settings")?;
    fs::write(format!("{FOLDER}/config.toml"), SETTINGS).context("cannot write the settings")?;
    let words = ["run", "--rm", "--network", "none", "--gpus", "all", GLIBC, "true"];
    let ended = docker.client(words);
    bundle::use_default_runtime()?;
    Expect::Fails(&["invoking the NVIDIA Container Runtime Hook directly", "--runtime=nvidia", "[R411]"])
        .judge(host, &ended?)
}

/// Of another driver, with files and nodes that are gone. Docker 29.2 looks at it before it asks the hook,
/// which must not care.
fn with_stale_spec(docker: &Docker, host: &[String]) -> Result<()> {
    const STALE: &str = r#"{"cdiVersion":"0.5.0","kind":"nvidia.com/gpu","devices":[{"name":"0","containerEdits":
        {"deviceNodes":[{"path":"/dev/nvidia99"}],"mounts":[{"hostPath":"/gone","containerPath":"/gone"}]}}]}"#;
    fs::create_dir_all("/etc/cdi").context("cannot make the folder of specifications")?;
    fs::write("/etc/cdi/stale.json", STALE).context("cannot write the specification")?;
    let judged = gpus(docker, host);
    fs::remove_file("/etc/cdi/stale.json").context("cannot remove the specification")?;
    judged
}

/// As after a boot, before anything used a GPU.
fn missing_nodes(docker: &Docker, host: &[String]) -> Result<()> {
    for node in ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia2", "nvidia3"] {
        fs::remove_file(Path::new("/dev").join(node)).with_context(|| format!("cannot remove {node}"))?;
    }
    gpus(docker, host)?;
    capture(&mut command(["test", "-c", "/dev/nvidia-uvm-tools"])).map(drop)
}

fn links(docker: &Docker, host: &[String]) -> Result<()> {
    capture(&mut command(["rm", "-rf", "/dev/char"]))?;
    gpus(docker, host)?;
    let found = fs::read_link("/dev/char/195:3").context("no link of GPU 3")?;
    if found == Path::new("../nvidia3") && !Path::new("/dev/char/195:0").exists() {
        return Ok(());
    }
    Err(Failure::new(format!("the link says {}", found.display())))
}

fn configure_runtime(docker: &mut Docker) -> Result<()> {
    capture(&mut command(["nvidia-ctk", "runtime", "configure", "--runtime=docker"]))?;
    docker.restart()
}

fn nvidia_docker_says(words: &[&str], gpus: Option<&str>) -> Result<std::process::Output> {
    let mut line = command(["nvidia-docker"]);
    line.args(words).env("DOCKER_HOST", "unix:///run/docker.sock");
    if let Some(gpus) = gpus {
        line.env("NV_GPU", gpus);
    }
    output(&mut line)
}

fn nvidia_docker(host: &[String]) -> Result<()> {
    let words = ["run", "--rm", "--network", "none", GLIBC, "nvidia-smi", "-L"];
    Expect::Gpus(&[1, 4]).judge(host, &nvidia_docker_says(&words, Some("1 4"))?)
}

fn exit_code() -> Result<()> {
    let words = ["run", "--rm", "--network", "none", GLIBC, "sh", "-c", "exit 42"];
    let ended = nvidia_docker_says(&words, None)?;
    if ended.status.code() == Some(42) { Ok(()) } else { Err(Failure::new(text(&ended))) }
}
