//! What `doctor --fix` repairs without a question: afterwards the doctor is content and a container that
//! is started for the purpose opens its GPUs; after the undo every file is as it was.

use super::Job;
use super::states::{ROOT_HOME, clear, make};
use crate::exec::{capture, command, output, tail};
use crate::inside::check::Ledger;
use diag::{Failure, Result, ResultExt};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A state that `--fix` puts right.
pub(super) struct Repair {
    name: &'static str,
    make: &'static str,
    engine: &'static str,
}

const fn podman(name: &'static str, make: &'static str) -> Repair {
    Repair { name, make, engine: "podman" }
}

const fn docker(name: &'static str, make: &'static str) -> Repair {
    Repair { name, make, engine: "docker" }
}

/// On the usual host.
pub(super) const USUAL: &[Repair] = &[
    podman("no specification", ":"),
    podman(
        "specification of an older driver",
        "sed 's/580\\.95\\.05/570.86.15/' $SPEC > /etc/cdi/nvidia.yaml",
    ),
    podman(
        "specification cut off",
        "head -c 700 $SPEC > /etc/cdi/nvidia.yaml; echo '  - [' >> /etc/cdi/nvidia.yaml",
    ),
    podman(
        "specification with a hook that is gone",
        "sed 's#/usr/bin/nvidia-cdi-hook#/opt/old/nvidia-cdi-hook#' $SPEC > /etc/cdi/nvidia.yaml",
    ),
    podman(
        "specification with an old number of nvidia-uvm",
        "sed '/path: .dev.nvidia-uvm$/{n;s/major: [0-9]*/major: 77/}' $SPEC > /etc/cdi/nvidia.yaml",
    ),
    podman(
        "a stale specification in front of a fresh one",
        "cp $SPEC /etc/cdi/nvidia.yaml; mkdir -p /var/run/cdi; sed 's/580\\.95\\.05/570.86.15/' $SPEC > /var/run/cdi/nvidia.yaml",
    ),
    podman(
        "specification too new for podman",
        "sed 's/^cdiVersion: .*/cdiVersion: 0.7.0/' $SPEC > /etc/cdi/nvidia.yaml; package podman 4.3.1+ds1-8",
    ),
    docker(
        "Docker with CDI, and its specification elsewhere",
        "mkdir -p /etc/docker /opt/cdi; echo '{\"features\": {\"cdi\": true}, \"cdi-spec-dirs\": [\"/opt/cdi\"]}' > /etc/docker/daemon.json; cp $SPEC /etc/cdi/nvidia.yaml; docker_up",
    ),
    podman(
        "the toolkit looks in a root that is gone",
        "cp $SPEC /etc/cdi/nvidia.yaml; mkdir -p /etc/nvidia-container-runtime; printf '# ours\\n[nvidia-container-cli]\\nroot = \"/run/gone\"  # old\\n' > /etc/nvidia-container-runtime/config.toml",
    ),
    docker(
        "no-cgroups with a rootful daemon",
        "mkdir -p /etc/nvidia-container-runtime; printf '[nvidia-container-cli]\\nno-cgroups = true\\n' > /etc/nvidia-container-runtime/config.toml; docker_up",
    ),
    docker(
        "the mode of Jetson on a server",
        "mkdir -p /etc/nvidia-container-runtime; printf '[nvidia-container-runtime]\\nmode = \"csv\"\\n' > /etc/nvidia-container-runtime/config.toml; docker_up",
    ),
    docker(
        "the context of a Docker Desktop that is gone",
        "docker_up; context desktop-linux unix:///mnt/home/root/.docker/desktop/docker.sock",
    ),
    docker(
        "a credential helper of one registry that is gone",
        "docker_up; client_file '{ \"credHelpers\": {\"a.example\": \"desktop\", \"b.example\": \"none\"} , \"detachKeys\": \"ctrl-x\" }\r\n'",
    ),
    docker(
        "a credential helper that is gone",
        "docker_up; client_file '{\n\t\"auths\": {\"r.example\": {\"auth\": \"eA==\"}},\n\t\"credsStore\": \"desktop\"\n}'; chmod 600 /mnt/home/root/.docker/config.json",
    ),
];

/// On a host with the driver in another root.
pub(super) const OTHER_ROOT: &[Repair] = &[podman("driver in another root", ":")];

/// Podman on a tmpfs of its own.
const STORAGE: &str =
    "[storage]\ndriver = \"overlay\"\ngraphroot = \"/mnt/podman/root\"\nrunroot = \"/mnt/podman/run\"\n";

/// Repairs each state, and takes the repair back.
pub(super) fn run(
    job: &Job,
    repairs: &[Repair],
    folder: &Path,
    longshore: &Path,
    ledger: &mut Ledger,
) -> Result<()> {
    fs::create_dir_all("/etc/containers").context("cannot make podman's folder")?;
    fs::write("/etc/containers/storage.conf", STORAGE).context("cannot write podman's storage.conf")?;
    for repair in repairs {
        ledger.check("doctor, --fix and undo", repair.name, || repaired(job, repair, folder, longshore))?;
    }
    Ok(())
}

fn repaired(job: &Job, repair: &Repair, folder: &Path, longshore: &Path) -> Result<()> {
    clear()?;
    make(job, repair.make)?;
    let before = files(folder)?;
    let fixed = doctor(longshore, repair, &["--fix"])?;
    let said = String::from_utf8_lossy(&fixed.stdout).into_owned();
    let ids: Vec<&str> =
        said.split("`longshore undo ").skip(1).filter_map(|rest| rest.split('`').next()).collect();
    if ids.is_empty() || !fixed.status.success() {
        return Err(Failure::new(format!("it was not repaired ({}):\n{}", fixed.status, tail(&said, 25))));
    }
    proven(longshore, repair)?;
    for id in ids.iter().rev() {
        capture(command([longshore]).args(["undo", id]).env("HOME", ROOT_HOME))?;
    }
    let after = files(folder)?;
    clear()?;
    if before == after {
        return Ok(());
    }
    let changed: Vec<&str> = after.lines().filter(|line| !before.contains(*line)).collect();
    Err(Failure::new(format!("after the undo these are not as before:\n{}", changed.join("\n"))))
}

/// The doctor is content, and a container that it starts has all GPUs: what opening a node ends with
/// here is that the kernel has no driver, and not that the container may not.
fn proven(longshore: &Path, repair: &Repair) -> Result<()> {
    let facts = doctor(longshore, repair, &["--probe", "--facts"])?;
    let facts: Value = serde_json::from_slice(&facts.stdout).context("the facts are no JSON")?;
    let probe = &facts["probe"]["known"];
    let nodes = probe["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let allowed = |node: &&Value| {
        node["error"].is_null() || node["error"].as_str().is_some_and(|error| error.ends_with("(os error 6)"))
    };
    let gpus = nodes.iter().filter(allowed).filter(|node| is_gpu(node)).count();
    let content = doctor(longshore, repair, &[])?;
    let wanted = nodes_of_gpus()?;
    if content.status.success() && probe["refused"].is_null() && gpus == wanted && gpus > 0 {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&content.stdout).into_owned();
    Err(Failure::new(format!(
        "after the repair {gpus} of {wanted} GPUs, {}:\n{:#}\n{}",
        content.status,
        facts["probe"],
        tail(&said, 30)
    )))
}

fn is_gpu(node: &Value) -> bool {
    node["path"].as_str().and_then(|path| path.strip_prefix("/dev/")).is_some_and(is_node_of_gpu)
}

fn is_node_of_gpu(name: &str) -> bool {
    name.strip_prefix("nvidia").is_some_and(|number| number.parse::<u32>().is_ok())
}

/// How many GPUs this host has.
fn nodes_of_gpus() -> Result<usize> {
    let entries = fs::read_dir("/dev").context("cannot list /dev")?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter(|name| is_node_of_gpu(name)).count())
}

fn doctor(longshore: &Path, repair: &Repair, what: &[&str]) -> Result<Output> {
    let mut doctor: Command = command([longshore]);
    doctor.args(["doctor", "--engine", repair.engine, "--deadline", "5000"]).args(what);
    output(doctor.env("HOME", ROOT_HOME))
}

/// Every file that a repair could touch, with its mode, owner and sum.
fn files(folder: &Path) -> Result<String> {
    let words = "cd /; find etc run/cdi mnt/home usr/local -xdev -printf '%p %y %m %U:%G %l\\n' 2> /dev/null; find etc run/cdi mnt/home usr/local -xdev -type f -exec sha256sum {} + 2> /dev/null; true";
    let text = capture(command(["sh", "-c", words]).current_dir(folder))?;
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    Ok(lines.join("\n"))
}
