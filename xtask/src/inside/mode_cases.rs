//! Every engine in every mode of the shim: a container gets the GPU that it asks for, and no other. The
//! lines of the results are the table.

use super::bundle::{self, Bundle};
use super::check::Ledger;
use super::configure::cri::{self, Node, Wanted};
use super::docker::Docker;
use super::expect::Expect;
use super::{Job, gpus_of_the_host, podman_cases};
use crate::engines::{GLIBC, Suite};
use crate::exec::{capture, command, output};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::Path;
use std::process::Output;

const SHIM: &str = "nvidia-container-runtime";
const FOLDER: &str = "/etc/nvidia-container-runtime";
const LIST: [&str; 2] = ["nvidia-smi", "-L"];

/// A kind of machine, the modes that apply there, and the GPU that is asked for.
#[derive(Debug)]
pub(crate) struct Machine {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its description.
    pub(crate) description: &'static str,
    modes: &'static [&'static str],
    gpu: &'static str,
    expect: Expect,
}

/// The machines.
pub(crate) const MACHINES: &[Machine] = &[
    Machine {
        name: "dgx-h100",
        description: "inherits = \"dgx-h100\"\n",
        modes: &["auto", "jit-cdi", "cdi", "legacy"],
        gpu: "1",
        expect: Expect::Gpus(&[1]),
    },
    Machine {
        name: "orin",
        description: "inherits = \"orin\"\n",
        modes: &["csv", "auto"],
        gpu: "0",
        expect: Expect::EveryGpu,
    },
];

/// The machine of a name.
pub(crate) fn machine(name: &str) -> Option<&'static Machine> {
    MACHINES.iter().find(|machine| machine.name == name)
}

/// What all engines share.
struct Table<'a> {
    job: &'a Job,
    machine: &'static Machine,
    host: Vec<String>,
    ledger: Ledger,
}

/// Runs the engines of a suite on one kind of machine.
pub(super) fn run(job: &Job, name: &str) -> Result<()> {
    let machine = machine(name).ok_or_else(|| Failure::new(format!("no machine is called {name}")))?;
    let (host, ledger) = (gpus_of_the_host()?, Ledger::create(&job.results)?);
    let mut table = Table { job, machine, host, ledger };
    super::install(job)?;
    fs::create_dir_all(FOLDER).context("cannot make the folder of the settings")?;
    let flag = "--feature-flag=no-additional-gids-for-device-nodes";
    let words = ["nvidia-ctk", "cdi", "generate", flag, "--output=/etc/cdi/nvidia.yaml"];
    capture(&mut command(words)).map(drop)?;
    table.bare()?;
    table.podman()?;
    table.docker()?;
    table.containerd()
}

impl Table<'_> {
    /// One engine in all modes, above a low-level runtime.
    fn engine(&mut self, engine: &str, low: &str, start: impl Fn(&str) -> Result<Output>) -> Result<()> {
        let (machine, host) = (self.machine, &self.host);
        for mode in machine.modes {
            let case = format!("{}, mode {mode}: GPU {} and no other", machine.name, machine.gpu);
            self.ledger.check(engine, &case, || {
                settings(mode, low)?;
                machine.expect.judge(host, &start(machine.gpu)?)
            })?;
        }
        Ok(())
    }

    /// `create`, `start` and `delete`, and `run`.
    fn bare(&mut self) -> Result<()> {
        let job = self.job;
        for low in podman_cases::runtimes(job)? {
            let version = capture(&mut command([*low, "--version"]))?;
            let version = version.lines().next().unwrap_or_default().replace(" version", "");
            let version = version.split(['+', '~']).next().unwrap_or_default();
            self.engine(&format!("{version}, create"), low, |gpu| created(job, gpu))?;
            self.engine(&format!("{version}, run"), low, |gpu| run_at_once(job, gpu))?;
        }
        Ok(())
    }

    fn podman(&mut self) -> Result<()> {
        let archive = self.job.images.join("glibc.tar");
        capture(podman_cases::podman("runc", ["load", "--input"]).arg(archive))?;
        let version = capture(&mut command(["podman", "--version"]))?.trim().replace(" version", "");
        for low in podman_cases::runtimes(self.job)? {
            self.engine(&format!("{version} with {low}"), low, |gpu| {
                let variable = format!("NVIDIA_VISIBLE_DEVICES={gpu}");
                let words = ["run", "--rm", "--network", "none", "--env", &variable, GLIBC];
                output(podman_cases::podman(SHIM, words).args(LIST))
            })?;
        }
        Ok(())
    }

    fn docker(&mut self) -> Result<()> {
        let words = ["nvidia-ctk", "runtime", "configure", "--runtime=docker"];
        capture(&mut command(words))?;
        let mut docker = Docker::start(self.job.suite()?)?;
        docker.load(&self.job.images.join("glibc.tar"))?;
        let engine = format!("docker {}, --runtime=nvidia", docker.version()?);
        self.engine(&engine, "runc", |gpu| {
            let variable = format!("NVIDIA_VISIBLE_DEVICES={gpu}");
            let words = ["run", "--rm", "--network", "none", "--runtime=nvidia", "-e", &variable, GLIBC];
            docker.client(words.iter().chain(&LIST))
        })?;
        docker.stop()
    }

    /// As the kubelet asks, by the runtime handler, and `ctr`.
    fn containerd(&mut self) -> Result<()> {
        cri::configure()?;
        let mut node = Node::start()?;
        node.import(&self.job.images.join("glibc.tar"))?;
        node.import(&cri::pause(&self.job.images.join("busybox.tar"))?)?;
        let version = capture(&mut command(["containerd", "--version"]))?;
        let version = version.split_whitespace().nth(2).unwrap_or_default();
        let version = version.split(['~', '+']).next().unwrap_or_default().to_owned();
        self.engine(&format!("containerd {version}, CRI"), "runc", |gpu| {
            node.shown(&Wanted { handler: "nvidia", env: Some(gpu), device: None }).map(|text| said(&text))
        })?;
        self.engine(&format!("containerd {version}, ctr"), "runc", by_ctr)?;
        node.stop()
    }
}

fn settings(mode: &str, low: &str) -> Result<()> {
    let text = format!("[nvidia-container-runtime]\nmode = \"{mode}\"\nruntimes = [\"{low}\"]\n");
    fs::write(format!("{FOLDER}/config.toml"), text).context("cannot write the settings")
}

/// A container's output as that of a program that succeeded.
fn said(text: &str) -> Output {
    Output {
        status: std::process::ExitStatus::default(),
        stdout: text.as_bytes().to_vec(),
        stderr: Vec::new(),
    }
}

fn created(job: &Job, gpu: &str) -> Result<Output> {
    let bundle = asking(job, "created", gpu)?;
    let shown = bundle::run(&Path::new("/usr/bin").join(SHIM), &bundle, "created");
    bundle.discard()?;
    shown.map(|text| said(&text))
}

fn run_at_once(job: &Job, gpu: &str) -> Result<Output> {
    let bundle = asking(job, "at-once", gpu)?;
    let shown =
        output(command(["timeout", "-k", "5", "60", SHIM, "run", "--bundle"]).arg(&bundle.path).arg("once"));
    bundle.discard()?;
    shown
}

fn asking(job: &Job, name: &str, gpu: &str) -> Result<Bundle> {
    Bundle::make(job, name, &LIST, &[&format!("NVIDIA_VISIBLE_DEVICES={gpu}")])
}

fn by_ctr(gpu: &str) -> Result<Output> {
    let variable = format!("NVIDIA_VISIBLE_DEVICES={gpu}");
    let shim = format!("/usr/bin/{SHIM}");
    let image = format!("docker.io/{GLIBC}");
    let mut ctr =
        command(["timeout", "-k", "5", "60", "ctr", "-a", cri::SOCKET, "-n", "k8s.io", "run", "--rm"]);
    ctr.args(["--runc-binary", &shim, "--env", &variable, &image, "by-ctr"]);
    output(ctr.args(LIST))
}

/// The suites whose engines are in the table: with `all` also those of Debian unstable.
pub(crate) fn suites(all: bool) -> Vec<Suite> {
    if all { Suite::ALL.to_vec() } else { vec![Suite::Trixie] }
}
