//! Docker: the famous error before, GPUs after, and nothing for those who ask for nothing.

use super::check::Ledger;
use super::docker::Docker;
use super::expect::Expect;
use super::{Job, install};
use crate::engines::{BUSYBOX, GLIBC, Suite};
use crate::exec::{capture, command};
use diag::{Failure, Result, ResultExt};
use std::fs;

/// Prints what a container has of a GPU; nothing at all when it has none.
pub(super) const PROBE: &str = "ls -d /dev/nvidia* /usr/bin/nvidia-* /usr/lib/*/libnvidia-* /usr/lib/*/libcuda* \
                                /run/nvidia-* 2>/dev/null; true";

/// One `docker run`: its options, the image, the program, and how it has to end.
struct Case {
    name: &'static str,
    options: &'static [&'static str],
    image: &'static str,
    program: &'static [&'static str],
    expect: Expect,
}

const LIST: &[&str] = &["nvidia-smi", "-L"];
const LOOK: &[&str] = &["sh", "-c", PROBE];

const BEFORE: Case = case(
    "before: the famous error",
    &["--gpus", "all"],
    LIST,
    Expect::Fails(&["could not select device driver \"\" with capabilities: [[gpu]]"]),
);

const PIPES: &[&str] = &["sh", "-c", "ls /tmp/nvidia-mps 2>/dev/null; true"];

const CASES: &[Case] = &[
    case("--gpus, pipes of MPS", &["--gpus", "device=0"], PIPES, Expect::Lines(&["control"])),
    case(
        "--runtime=nvidia, pipes of MPS",
        &["--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=0"],
        PIPES,
        Expect::Lines(&["control"]),
    ),
    case(
        "--runtime=nvidia without compute, no pipes of MPS",
        &["--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=0", "-e", "NVIDIA_DRIVER_CAPABILITIES=utility"],
        PIPES,
        Expect::Lines(&[]),
    ),
    case("--gpus all", &["--gpus", "all"], LIST, Expect::EveryGpu),
    case("--gpus '\"device=0,3\"'", &["--gpus", "\"device=0,3\""], LIST, Expect::Gpus(&[0, 3])),
    case("--gpus device=5", &["--gpus", "device=5"], LIST, Expect::Gpus(&[5])),
    case("--gpus 2", &["--gpus", "2"], LIST, Expect::Gpus(&[0, 1])),
    case("--gpus all --read-only", &["--gpus", "all", "--read-only"], LIST, Expect::EveryGpu),
    case("--gpus all --user 1000", &["--gpus", "all", "--user", "1000:1000"], LIST, Expect::EveryGpu),
    case("--gpus '\"device=99\"'", &["--gpus", "\"device=99\""], LIST, Expect::Fails(&["99", "0-7"])),
    case("no request", &[], LOOK, Expect::Lines(&[])),
    case(
        "--runtime=nvidia, one GPU",
        &["--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=1"],
        LIST,
        Expect::Gpus(&[1]),
    ),
    case(
        "--runtime=nvidia, all",
        &["--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=all"],
        LIST,
        Expect::EveryGpu,
    ),
    case(
        "--runtime=nvidia, GPU 99",
        &["--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=99"],
        LIST,
        Expect::Fails(&["99", "0-7"]),
    ),
    case("--runtime=nvidia, no request", &["--runtime=nvidia"], LOOK, Expect::Lines(&[])),
    case(
        "--runtime=nvidia, void",
        &["--runtime=nvidia", "-e", "NVIDIA_VISIBLE_DEVICES=void"],
        LOOK,
        Expect::Lines(&[]),
    ),
    Case {
        name: "an image without glibc",
        options: &["--gpus", "device=2"],
        image: BUSYBOX,
        program: &["sh", "-c", "cd /dev; ls -d nvidia[0-9]* nvidiactl nvidia-uvm"],
        expect: Expect::Lines(&["nvidia-uvm", "nvidia2", "nvidiactl"]),
    },
];

const fn case(
    name: &'static str,
    options: &'static [&'static str],
    program: &'static [&'static str],
    expect: Expect,
) -> Case {
    Case { name, options, image: GLIBC, program, expect }
}

/// Runs all cases of Docker on this suite.
pub(super) fn run(job: &Job, host: &[String], ledger: &mut Ledger) -> Result<()> {
    let mut docker = Docker::start(job.suite()?)?;
    let engine = format!("docker {}", docker.version()?);
    for image in ["glibc.tar", "busybox.tar"] {
        docker.load(&job.images.join(image))?;
    }
    ledger.check(&engine, BEFORE.name, || run_case(&docker, host, &BEFORE))?;
    ledger.check(&engine, "put in place, restart", || put_in_place(job, &mut docker))?;
    mps_daemon()?;
    for case in CASES {
        ledger.check(&engine, case.name, || run_case(&docker, host, case))?;
    }
    by_uuid(&docker, host, &engine, ledger)?;
    ledger.check(&engine, "started again", || started_again(&docker, host))?;
    if job.suite()? != Suite::Bookworm {
        ledger.check(&engine, "CDI, --device nvidia.com/gpu=0", || by_cdi(&mut docker, host))?;
    }
    docker.stop()
}

/// What `nvidia-cuda-mps-control -d` of root leaves in the file system.
fn mps_daemon() -> Result<()> {
    fs::create_dir_all("/tmp/nvidia-mps").context("cannot make the folder of pipes")?;
    fs::write("/tmp/nvidia-mps/control", "").context("cannot make a pipe")
}

/// Docker 25 and later take CDI devices themselves, once the feature is on.
fn by_cdi(docker: &mut Docker, host: &[String]) -> Result<()> {
    capture(&mut command(["nvidia-ctk", "runtime", "configure", "--runtime=docker", "--cdi.enabled"]))?;
    capture(&mut command(["nvidia-ctk", "cdi", "generate", "--output=/etc/cdi/docker.yaml"]))?;
    docker.restart()?;
    let device = ["--device", "nvidia.com/gpu=0"];
    let words = ["run", "--rm", "--network", "none"].iter().chain(&device).chain(&[GLIBC]).chain(LIST);
    let judged = Expect::Gpus(&[0]).judge(host, &docker.client(words)?);
    fs::remove_file("/etc/cdi/docker.yaml").context("cannot remove the specification")?;
    judged
}

fn run_case(docker: &Docker, host: &[String], case: &Case) -> Result<()> {
    let words = ["run", "--rm", "--network", "none"];
    let words = words.iter().chain(case.options).chain([&case.image]).chain(case.program);
    case.expect.judge(host, &docker.client(words)?)
}

/// What a user does: binaries into the daemon's PATH, the runtime registered, a restart.
fn put_in_place(job: &Job, docker: &mut Docker) -> Result<()> {
    install(job)?;
    capture(&mut command(["nvidia-ctk", "runtime", "configure", "--runtime=docker"]))?;
    let written = fs::read_to_string("/etc/docker/daemon.json").unwrap_or_default();
    if !written.contains("nvidia-container-runtime") {
        return Err(Failure::new(format!("daemon.json does not name the runtime:\n{written}")));
    }
    docker.restart()
}

/// GPUs by their UUID, in both cases of its letters.
fn by_uuid(docker: &Docker, host: &[String], engine: &str, ledger: &mut Ledger) -> Result<()> {
    let uuid =
        host.get(4).and_then(|line| Some(line.split_once("UUID: ")?.1.trim_end_matches(')').to_string()));
    let uuid = uuid.unwrap_or_default();
    let upper = uuid.replacen("GPU-", "", 1).to_uppercase();
    for (name, id) in [("a UUID", uuid), ("a UUID in capitals", format!("GPU-{upper}"))] {
        ledger.check(engine, &format!("--gpus device={name}"), || {
            let words = ["run", "--rm", "--network", "none", "--gpus", &format!("device={id}"), GLIBC];
            Expect::Gpus(&[4]).judge(host, &docker.client(words.iter().chain(LIST))?)
        })?;
    }
    Ok(())
}

/// The same container started three times shows the same GPUs and leaves nothing behind.
fn started_again(docker: &Docker, host: &[String]) -> Result<()> {
    let words = ["create", "--name", "again", "--network", "none", "--gpus", "all", GLIBC];
    let created = docker.client(words.iter().chain(LIST))?;
    if !created.status.success() {
        return Err(Failure::new(super::expect::text(&created)));
    }
    let mut changes = Vec::new();
    for _ in 0..3 {
        Expect::EveryGpu.judge(host, &docker.client(["start", "-a", "again"])?)?;
        changes.push(String::from_utf8_lossy(&docker.client(["diff", "again"])?.stdout).lines().count());
    }
    docker.client(["rm", "again"])?;
    if changes.windows(2).all(|pair| pair[0] == pair[1]) {
        return Ok(());
    }
    Err(Failure::new(format!("each start leaves more files behind: {changes:?}")))
}
