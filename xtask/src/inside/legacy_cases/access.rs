//! The options of `--gpus`, and what a container can really open afterwards.
//!
//! No driver stands behind the simulated nodes. So a container that makes a node of its own for every GPU
//! and opens it learns what its device cgroup says: "No such device" is allowed, "not permitted" is not.

use crate::engines::GLIBC;
use crate::inside::check::Ledger;
use crate::inside::docker::Docker;
use crate::inside::expect::{Expect, text};
use diag::{Failure, Result, ResultExt};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// Prints the GPUs whose nodes are there, the GPUs that may be opened, and the libraries.
const PROBE: &str = r#"
there=; open=; libraries=
for i in 0 1 2 3 4 5 6 7; do
  [ ! -e /dev/nvidia$i ] || there="$there $i"
  node=/dev/nvidia$i
  if [ "$(id -u)" = 0 ]; then node=/tmp/made$i; mknod $node c 195 $i; fi
  case $(cat $node 2>&1) in *"No such device"*) open="$open $i";; esac
done
for l in libnvidia-ml libcuda libnvidia-encode libnvidia-glcore; do
  ls /usr/lib/*/$l.so.* >/dev/null 2>&1 && libraries="$libraries $l"
done
uvm=; [ ! -e /dev/nvidia-uvm ] || uvm=" uvm"
modeset=; [ ! -e /dev/nvidia-modeset ] || modeset=" modeset"
echo "there:$there"; echo "open:$open"; echo "libraries:$libraries"; echo "control:$uvm$modeset""#;

/// One row of the table: options of `docker run`, the GPUs that come of it, the libraries and nodes.
struct Row {
    options: &'static [&'static str],
    gpus: &'static str,
    libraries: &'static str,
    control: &'static str,
}

const USUAL: (&str, &str) = (" libnvidia-ml libcuda", " uvm");

const fn row(options: &'static [&'static str], gpus: &'static str) -> Row {
    Row { options, gpus, libraries: USUAL.0, control: USUAL.1 }
}

const fn with(
    options: &'static [&'static str],
    gpus: &'static str,
    what: (&'static str, &'static str),
) -> Row {
    Row { options, gpus, libraries: what.0, control: what.1 }
}

const EVERY: &str = " 0 1 2 3 4 5 6 7";

const ROWS: &[Row] = &[
    row(&["--gpus", "all"], EVERY),
    row(&["--gpus", "-1"], EVERY),
    row(&["--gpus", "all,driver=nvidia"], EVERY),
    row(&["--gpus", "2"], " 0 1"),
    row(&["--gpus", "device=3"], " 3"),
    row(&["--gpus", "\"device=0,5\""], " 0 5"),
    row(&["--gpus", "all", "-e", "NVIDIA_VISIBLE_DEVICES=3"], EVERY),
    with(&["--gpus", "all,capabilities=utility"], EVERY, (" libnvidia-ml", "")),
    with(&["--gpus", "\"capabilities=compute\",\"device=1\""], " 1", (" libcuda", " uvm")),
    with(
        &["--gpus", "\"capabilities=compute,utility,video\",\"device=1\""],
        " 1",
        (" libnvidia-ml libcuda libnvidia-encode", " uvm"),
    ),
    with(&["--gpus", "\"capabilities=graphics\",\"device=2\""], " 2", (" libnvidia-glcore", " modeset")),
    row(&["--gpus", "\"device=0,5\"", "--user", "1000:1000"], " 0 5"),
    row(&["--gpus", "\"device=4\"", "--read-only", "--tmpfs", "/tmp:dev"], " 4"),
    row(&["--gpus", "\"device=4\"", "--cap-drop", "ALL", "--cap-add", "MKNOD"], " 4"),
    row(&["--gpus", "device=1", "--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined"], " 1"),
    row(&["--gpus", "\"device=nvidia.com/gpu=6\""], " 6"),
    row(&["--gpus", "\"device=1,1,0\""], " 0 1"),
    row(
        &["--gpus", "device=0", "-e", "NVIDIA_REQUIRE_CUDA=cuda>=12.4 brand=tesla,driver>=470,driver<471"],
        " 0",
    ),
];

/// What Docker or we refuse, and words of it.
const REFUSED: &[(&[&str], &[&str])] = &[
    (&["--gpus", "device=0,1"], &["cannot set both Count and DeviceIDs"]),
    (&["--gpus", "capabilities=bogus"], &["could not select device driver"]),
    (&["--gpus", "driver=amd"], &["could not select device driver"]),
    (&["--gpus", "device=8"], &["nvidia-container-cli: device error: 8: unknown device", "0-7"]),
    (&["--gpus", "device=GPU-0"], &["nvidia-container-cli: device error: GPU-0: unknown device"]),
    (
        &["--gpus", "all", "-e", "NVIDIA_REQUIRE_CUDA=cuda>=99.0"],
        &[
            "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=99.0, please update your driver",
        ],
    ),
    (
        &["--gpus", "all", "-e", "NVIDIA_REQUIRE_X=brand=bogus"],
        &["nvidia-container-cli: requirement error: unsatisfied condition: brand=bogus"],
    ),
    (
        &["--gpus", "all", "-e", "NVIDIA_REQUIRE_X=what"],
        &["nvidia-container-cli: requirement error: invalid expression"],
    ),
    (
        &["--gpus", "all", "-e", "NVIDIA_DRIVER_CAPABILITIES=bogus"],
        &["unsupported capabilities found in 'bogus'"],
    ),
    (
        &["--gpus", "all", "-e", "NVIDIA_MIG_CONFIG_DEVICES=all"],
        &["cannot set MIG_CONFIG_DEVICES in non privileged container"],
    ),
];

pub(super) fn run(docker: &Docker, engine: &str, ledger: &mut Ledger) -> Result<()> {
    for row in ROWS {
        ledger.check(engine, &format!("access: {}", row.options.join(" ")), || check(docker, row, &[]))?;
    }
    for row in ROWS.iter().filter(|row| !row.options.contains(&"--user")) {
        let case = format!("access of user 1000: {}", row.options.join(" "));
        ledger.check(engine, &case, || check(docker, row, &["--user", "1000:1000"]))?;
    }
    ledger.check(engine, "access: --gpus device=1 --privileged", || privileged(docker))?;
    for (options, words) in REFUSED {
        let case = format!("refused: {}", options.join(" "));
        ledger.check(engine, &case, || refused(docker, options, words))?;
    }
    Ok(())
}

fn check(docker: &Docker, row: &Row, more: &[&str]) -> Result<()> {
    let options: Vec<&str> = row.options.iter().chain(more).copied().collect();
    let lines = show(docker, &options)?;
    let wanted = [
        format!("there:{}", row.gpus),
        format!("open:{}", row.gpus),
        format!("libraries:{}", row.libraries),
        format!("control:{}", row.control),
    ];
    if lines == wanted { Ok(()) } else { Err(Failure::new(format!("expected {wanted:?}, got {lines:?}"))) }
}

/// A privileged container has every node of the machine from Docker, and may open it; the libraries are
/// those of the hook.
fn privileged(docker: &Docker) -> Result<()> {
    let lines = show(docker, &["--runtime=narrow", "--gpus", "device=1", "--privileged"])?;
    let wanted = [
        format!("there:{EVERY}"),
        format!("open:{EVERY}"),
        format!("libraries:{}", USUAL.0),
        "control: uvm modeset".to_owned(),
    ];
    if lines == wanted { Ok(()) } else { Err(Failure::new(format!("expected {wanted:?}, got {lines:?}"))) }
}

/// A low-level runtime that leaves out the capabilities that this machine itself does not have: where one
/// is missing no container can have all of them, and `--privileged` asks for all.
const NARROW: &str = r#"#!/bin/sh
bundle=.; before=
for word; do
  case $before in --bundle|-b) bundle=$word;; esac
  before=$word
done
held=$((0x$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)))
if [ -e $bundle/config.json ] && [ $((held >> 24 & 1)) = 0 ]; then
  sed -i 's/"CAP_SYS_RESOURCE",//g; s/,"CAP_SYS_RESOURCE"//g' $bundle/config.json
fi
exec runc "$@"
"#;

/// Registers that runtime, before the daemon starts.
pub(super) fn register_narrow() -> Result<()> {
    const PATH: &str = "/usr/local/bin/narrow-runc";
    fs::create_dir_all("/usr/local/bin")
        .and_then(|()| fs::write(PATH, NARROW))
        .context("cannot write a runtime")?;
    fs::set_permissions(PATH, Permissions::from_mode(0o755)).context("cannot make a runtime run")?;
    fs::create_dir_all("/etc/docker").context("cannot make the folder of Docker's configuration")?;
    fs::write(
        "/etc/docker/daemon.json",
        format!("{{\"runtimes\": {{\"narrow\": {{\"path\": \"{PATH}\"}}}}}}"),
    )
    .context("cannot write Docker's configuration")
}

fn show(docker: &Docker, options: &[&str]) -> Result<Vec<String>> {
    let words = ["run", "--rm", "--network", "none"];
    let words = words.iter().chain(options).chain(&[GLIBC, "sh", "-c", PROBE]);
    let output = docker.client(words)?;
    if !output.status.success() {
        return Err(Failure::new(text(&output)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

fn refused(docker: &Docker, options: &[&'static str], words: &'static [&'static str]) -> Result<()> {
    let line = ["run", "--rm", "--network", "none"];
    let output = docker.client(line.iter().chain(options).chain(&[GLIBC, "true"]))?;
    Expect::Fails(words).judge(&[], &output)
}
