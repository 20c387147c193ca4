//! States of a machine that need no daemon: specifications, a node's configuration, device nodes.
//! Each is made for real by commands, judged as root and as an ordinary user, and cleared away.

use super::{Job, scratch};
use crate::exec::{capture, command, output};
use crate::inside::check::Ledger;
use crate::inside::install;
use diag::{Failure, Result, ResultExt};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// One state.
pub(super) struct State {
    name: &'static str,
    /// What makes it, for `sh -c`; `$SPEC` is a good specification.
    make: &'static str,
    /// `--engine` of the doctor.
    engine: &'static str,
    /// The first cause that is named; `None`: nothing above a note.
    first: Option<&'static str>,
    /// The first cause that an ordinary user is told.
    ordinary: Option<&'static str>,
}

const fn podman(name: &'static str, make: &'static str, first: &'static str) -> State {
    State { name, make, engine: "podman", first: Some(first), ordinary: Some(first) }
}

const fn node(name: &'static str, make: &'static str, first: &'static str) -> State {
    State { name, make, engine: "containerd", first: Some(first), ordinary: Some(first) }
}

/// On the usual host.
pub(super) const USUAL: &[State] = &[
    podman("podman without a specification", ":", "H402"),
    State {
        first: None,
        ordinary: None,
        ..podman("podman, all is well", "cp $SPEC /etc/cdi/nvidia.yaml", "")
    },
    podman(
        "specification of an older driver",
        "sed 's/580\\.95\\.05/570.86.15/' $SPEC > /etc/cdi/nvidia.yaml",
        "H404",
    ),
    podman(
        "specification with an old number of nvidia-uvm",
        "sed '/path: .dev.nvidia-uvm$/{n;s/major: [0-9]*/major: 77/}' $SPEC > /etc/cdi/nvidia.yaml",
        "H404",
    ),
    podman(
        "two specifications in conflict",
        "cp $SPEC /etc/cdi/nvidia.yaml; cp $SPEC /etc/cdi/older.yaml",
        "H411",
    ),
    podman(
        "specification cut off",
        "head -c 700 $SPEC > /etc/cdi/nvidia.yaml; echo '  - [' >> /etc/cdi/nvidia.yaml",
        "H403",
    ),
    podman(
        "specification too new for podman",
        "sed 's/^cdiVersion: .*/cdiVersion: 0.7.0/' $SPEC > /etc/cdi/nvidia.yaml; mkdir -p /var/lib/dpkg; printf 'Package: podman\\nStatus: install ok installed\\nVersion: 4.3.1+ds1-8\\n' > /var/lib/dpkg/status",
        "H412",
    ),
    State {
        first: None,
        ..podman(
            "specification that only root may read",
            "cp $SPEC /etc/cdi/nvidia.yaml; chmod 0600 /etc/cdi/nvidia.yaml",
            "H406",
        )
    },
    podman(
        "hook of the specification gone",
        "cp $SPEC /etc/cdi/nvidia.yaml; rm -f /usr/bin/nvidia-cdi-hook",
        "H407",
    ),
    podman(
        "podman's old hook beside CDI",
        "cp $SPEC /etc/cdi/nvidia.yaml; mkdir -p /etc/containers/oci/hooks.d; echo '{\"hook\": {\"path\": \"/usr/bin/nvidia-container-runtime-hook\"}}' > /etc/containers/oci/hooks.d/nvidia.json",
        "H506",
    ),
    podman(
        "device nodes that only root may open",
        "cp $SPEC /etc/cdi/nvidia.yaml; chmod 0600 /dev/nvidia0 /dev/nvidiactl",
        "H110",
    ),
    podman(
        "specification with a GPU that is gone",
        "sed 's/name: \"7\"/name: \"11\"/' $SPEC > /etc/cdi/nvidia.yaml",
        "H404",
    ),
    podman(
        "nvidia-uvm missing after the specification was made",
        "cp $SPEC /etc/cdi/nvidia.yaml; mv /dev/nvidia-uvm /dev/x-uvm",
        "H109",
    ),
    node("containerd without the runtime", "echo 'version = 2' > /etc/containerd/config.toml", "H701"),
    State {
        first: None,
        ordinary: None,
        ..node(
            "containerd, all is well",
            "printf 'version = 2\\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia.options]\\nBinaryName = \"/usr/bin/nvidia-container-runtime\"\\n' > /etc/containerd/config.toml",
            "",
        )
    },
    node("containerd's file broken", "echo 'version = = 2' > /etc/containerd/config.toml", "H701"),
    node(
        "containerd with a program that is gone",
        "printf 'version = 2\\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia.options]\\nBinaryName = \"/usr/local/nvidia/toolkit/nvidia-container-runtime\"\\n' > /etc/containerd/config.toml",
        "H701",
    ),
    node(
        "CRI switched off",
        "printf 'disabled_plugins = [\"cri\"]\\n' > /etc/containerd/config.toml",
        "H701",
    ),
    node(
        "drop-in that nothing imports",
        "echo 'version = 3' > /etc/containerd/config.toml; mkdir -p /etc/containerd/conf.d; printf '[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.nvidia]\\n' > /etc/containerd/conf.d/99-nvidia.toml",
        "H708",
    ),
    node(
        "drop-in in config.d",
        "printf 'version = 3\\nimports = [\"/etc/containerd/conf.d/*.toml\"]\\n' > /etc/containerd/config.toml; mkdir -p /etc/containerd/config.d; printf '[plugins.\"io.containerd.cri.v1.runtime\".containerd.runtimes.nvidia]\\n' > /etc/containerd/config.d/99-nvidia.toml",
        "H708",
    ),
    node(
        "plain file in place of K3s's template",
        "mkdir -p /var/lib/rancher/k3s/agent/etc/containerd; cd /var/lib/rancher/k3s/agent/etc/containerd; echo 'version = 2' | tee config.toml > config.toml.tmpl",
        "H709",
    ),
    State {
        first: None,
        ordinary: None,
        ..node(
            "K3s with a true template, all is well",
            "mkdir -p /var/lib/rancher/k3s/agent/etc/containerd; cd /var/lib/rancher/k3s/agent/etc/containerd; echo '{{ template \"base\" . }}' > config.toml.tmpl; printf '[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.nvidia]\\n' > config.toml",
            "",
        )
    },
];

/// On a host whose NVML hangs.
pub(super) const HANGING: &[State] =
    &[podman("NVML hangs", "cp $SPEC /etc/cdi/nvidia.yaml 2>/dev/null || :", "H111")];
/// On a host whose GPUs are all in MIG mode and have no instances.
pub(super) const EMPTY_MIG: &[State] =
    &[podman("MIG without instances", "cp $SPEC /etc/cdi/nvidia.yaml 2>/dev/null || :", "H119")];
/// On a host with the driver in another root.
pub(super) const OTHER_ROOT: &[State] = &[podman("driver in another root", ":", "H123")];
/// On a host whose NVML has lost a GPU.
pub(super) const LOST: &[State] = &[podman("NVML shows fewer GPUs than the bus", ":", "H111")];

/// Makes, judges and clears each state of a host.
pub(super) fn run(job: &Job, states: &[State], ledger: &mut Ledger) -> Result<()> {
    if states.is_empty() {
        return Ok(());
    }
    let folder = scratch("states");
    fs::create_dir_all(&folder).context("cannot make the folder of the states")?;
    let longshore = folder.join("longshore");
    fs::copy(job.dist.join("longshore"), &longshore).context("cannot copy the doctor")?;
    for state in states {
        ledger.check("doctor, states", state.name, || judged(job, state, &folder, &longshore))?;
    }
    for repair in REPAIRS.iter().filter(|_| states.len() > 1) {
        ledger.check("doctor, --fix and undo", repair.name, || repaired(job, repair, &folder, &longshore))?;
    }
    ledger.check("doctor, states", "time of a run", || is_quick(&longshore))
}

/// A state that `--fix` puts right, and the file that it changes.
struct Repair {
    name: &'static str,
    make: &'static str,
    file: &'static str,
}

const REPAIRS: &[Repair] = &[
    Repair { name: "no specification", make: ":", file: "/var/run/cdi/nvidia.yaml" },
    Repair {
        name: "specification of an older driver",
        make: "sed 's/580\\.95\\.05/570.86.15/' $SPEC > /etc/cdi/nvidia.yaml",
        file: "/etc/cdi/nvidia.yaml",
    },
    Repair {
        name: "specification cut off",
        make: "head -c 700 $SPEC > /etc/cdi/nvidia.yaml; echo '  - [' >> /etc/cdi/nvidia.yaml",
        file: "/etc/cdi/nvidia.yaml",
    },
    Repair {
        name: "the toolkit looks in a root that is gone",
        make: "cp $SPEC /etc/cdi/nvidia.yaml; mkdir -p /etc/nvidia-container-runtime; printf '[nvidia-container-cli]\\nroot = \"/run/gone\"\\n' > /etc/nvidia-container-runtime/config.toml",
        file: "/etc/nvidia-container-runtime/config.toml",
    },
];

/// After the repair the doctor is content; after the undo the file is as it was, byte for byte.
fn repaired(job: &Job, repair: &Repair, folder: &Path, longshore: &PathBuf) -> Result<()> {
    clear()?;
    install(job)?;
    let spec = folder.join("spec.yaml");
    capture(command(["nvidia-ctk", "--quiet", "cdi", "generate", "--output"]).arg(&spec))?;
    capture(command(["sh", "-c", repair.make]).env("SPEC", &spec))?;
    let before = fs::read(repair.file).ok();
    let words = ["doctor", "--fix", "--engine", "podman", "--deadline", "5000"];
    let fixed = output(command([longshore]).args(words))?;
    let said = String::from_utf8_lossy(&fixed.stdout).into_owned();
    let id = said.split("`longshore undo ").nth(1).and_then(|rest| rest.split('`').next()).map(str::to_owned);
    let (Some(id), true) = (id, fixed.status.success()) else {
        return Err(Failure::new(format!(
            "it was not repaired ({}):\n{}",
            fixed.status,
            crate::exec::tail(&said, 20)
        )));
    };
    capture(command([longshore]).args(["undo", &id]))?;
    let after = fs::read(repair.file).ok();
    clear()?;
    if before == after { Ok(()) } else { Err(Failure::new(format!("{} is not as before", repair.file))) }
}

/// The longest that a whole run may take where NVML hangs; elsewhere it ends far earlier.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The quickest of three: other work on the test machine is not the doctor's.
fn is_quick(longshore: &PathBuf) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..3 {
        let started = Instant::now();
        let _report = output(command([longshore]).arg("doctor"))?;
        times.push(started.elapsed());
    }
    let quickest = times.iter().min().copied().unwrap_or_default();
    if quickest <= PATIENCE { Ok(()) } else { Err(Failure::new(format!("a run takes {quickest:?}"))) }
}

fn judged(job: &Job, state: &State, folder: &Path, longshore: &PathBuf) -> Result<()> {
    clear()?;
    install(job)?;
    let spec = folder.join("spec.yaml");
    // A hanging NVML, or none, gives no specification: such states need none.
    let _made = output(
        command(["timeout", "20", "nvidia-ctk", "--quiet", "cdi", "generate", "--output"]).arg(&spec),
    )?;
    capture(command(["sh", "-c", state.make]).env("SPEC", &spec))?;
    let asked = as_root(state, longshore).and_then(|()| as_user(state, longshore));
    clear()?;
    asked
}

fn as_root(state: &State, longshore: &PathBuf) -> Result<()> {
    agrees(state.first, &mut doctor(command([longshore]), state), "root")
}

fn as_user(state: &State, longshore: &PathBuf) -> Result<()> {
    let mut user = command(["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"]);
    user.arg(longshore).env("HOME", "/tmp");
    agrees(state.ordinary, &mut doctor(user, state), "an ordinary user")
}

fn doctor(mut doctor: Command, state: &State) -> Command {
    doctor.args(["doctor", "--json", "--deadline", "5000", "--engine", state.engine]);
    doctor
}

/// The first cause above a note is the one that was made.
fn agrees(wanted: Option<&str>, doctor: &mut Command, who: &str) -> Result<()> {
    let report = output(doctor)?;
    let json: Value = serde_json::from_slice(&report.stdout)
        .with_context(|| format!("the report is not JSON: {}", String::from_utf8_lossy(&report.stderr)))?;
    let causes = json["causes"].as_array().cloned().unwrap_or_default();
    let mut above = causes.iter().filter(|cause| cause["finding"]["severity"] != "note");
    let first = above.next().and_then(|cause| cause["code"].as_str().map(str::to_owned));
    if first.as_deref() == wanted {
        return Ok(());
    }
    Err(Failure::new(format!("as {who} expected {wanted:?}, found {first:?}:\n{}", json["causes"])))
}

/// All that the states make.
fn clear() -> Result<()> {
    let words = "rm -rf /etc/cdi /var/run/cdi /var/lib/rancher /etc/containers/oci/hooks.d /etc/containerd/conf.d /etc/containerd/config.d /etc/containerd/config.toml /etc/nvidia-container-runtime /var/lib/dpkg/status /usr/bin/nvidia-ctk /usr/bin/nvidia-container-* /usr/bin/nvidia-cdi-hook /usr/bin/longshore /usr/bin/longshore-runtime; \
        mkdir -p /etc/cdi /etc/containerd; [ ! -e /dev/x-uvm ] || mv /dev/x-uvm /dev/nvidia-uvm; chmod -f 0666 /dev/nvidia0 /dev/nvidiactl || :";
    capture(&mut command(["sh", "-c", words])).map(drop)
}
