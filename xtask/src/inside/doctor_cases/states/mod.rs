//! States of a machine, each made for real by commands, judged as root and as an ordinary user, and
//! cleared away. A row says what makes it and which cause has to be named first.

mod cdi;
mod driver;
mod images;
mod nodes;
mod requests;
mod well;

pub(super) use driver::{EMPTY_MIG, GONE, HALF_UPGRADED, HANGING, LOST, MIXED_MIG, OTHER_ROOT, WSL};
pub(super) use well::{CONFIGURED_ROOT, DEBIAN, GB200, GEFORCE, MIG, NIXOS, ORIN, VGPU, WSL_WELL};

use super::repairs::{self, Repair};
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
    /// What makes it, for `sh`, after the functions of `prelude.sh`; `$SPEC` is a good specification.
    make: &'static str,
    /// What the doctor is asked.
    asked: &'static [&'static str],
    /// The first cause that is named; `None`: nothing above a note.
    first: Option<&'static str>,
    /// The first cause that an ordinary user is told.
    ordinary: Option<&'static str>,
    /// Whether the ordinary user is in the group `docker`.
    member: bool,
    /// Words of the first finding of the ordinary user.
    says: &'static str,
}

impl State {
    const fn new(
        name: &'static str,
        make: &'static str,
        asked: &'static [&'static str],
        first: &'static str,
    ) -> Self {
        Self { name, make, asked, first: Some(first), ordinary: Some(first), member: true, says: "" }
    }

    /// Nothing is wrong.
    const fn well(name: &'static str, make: &'static str, asked: &'static [&'static str]) -> Self {
        Self { name, make, asked, first: None, ordinary: None, member: true, says: "" }
    }

    /// An ordinary user cannot see the proof, and so is told of nothing.
    const fn hidden(mut self) -> Self {
        self.ordinary = None;
        self
    }

    /// It is the ordinary user's alone.
    const fn theirs(mut self) -> Self {
        self.first = None;
        self
    }

    /// The ordinary user is not in the group `docker`.
    const fn stranger(mut self) -> Self {
        self.member = false;
        self
    }

    const fn says(mut self, words: &'static str) -> Self {
        self.says = words;
        self
    }
}

const PODMAN: &[&str] = &["--engine", "podman"];
const DOCKER: &[&str] = &["--engine", "docker"];
const CONTAINERD: &[&str] = &["--engine", "containerd"];
const CRIO: &[&str] = &["--engine", "crio"];

/// On the usual host, area by area.
pub(super) const USUAL: &[&[State]] =
    &[cdi::ROWS, nodes::ROWS, driver::ROWS, requests::ROWS, images::ROWS, well::ROWS];

/// Makes, judges and clears each state of a host.
pub(super) fn run(job: &Job, areas: &[&[State]], repaired: &[Repair], ledger: &mut Ledger) -> Result<()> {
    if areas.is_empty() {
        return Ok(());
    }
    let folder = scratch("states");
    fs::create_dir_all(&folder).context("cannot make the folder of the states")?;
    // Users other than root must be able to execute it.
    capture(&mut command(["chmod", "755", "/mnt"]))?;
    let longshore = folder.join("longshore");
    fs::copy(job.dist.join("longshore"), &longshore).context("cannot copy the doctor")?;
    fs::copy(job.dist.join("longshore-runtime"), folder.join("longshore-runtime"))
        .context("cannot copy the runtime")?;
    for state in areas.iter().copied().flatten() {
        ledger.check("doctor, states", state.name, || judged(job, state, &longshore))?;
    }
    if !repaired.is_empty() {
        repairs::run(job, repaired, &folder, &longshore, ledger)?;
    }
    ledger.check("doctor, states", "time of a run", || is_quick(&longshore))
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

fn judged(job: &Job, state: &State, longshore: &Path) -> Result<()> {
    clear()?;
    make(job, state.make)?;
    let asked = as_root(state, longshore).and_then(|()| as_user(state, longshore));
    clear()?;
    asked
}

/// The toolkit in place, a good specification beside it, and then what the row says.
pub(super) fn make(job: &Job, words: &str) -> Result<()> {
    install(job)?;
    let spec = scratch("states").join("spec.yaml");
    // A hanging NVML, or none, gives no specification: such states need none.
    let _made = output(
        command(["timeout", "10", "nvidia-ctk", "--quiet", "cdi", "generate", "--output"]).arg(&spec),
    )?;
    let script = format!("{}\n{words}\n", include_str!("prelude.sh"));
    capture(
        command(["sh", "-c", &script]).env("SPEC", &spec).env("HOME", ROOT_HOME).env("IMAGES", &job.images),
    )
    .map(drop)
}

/// All that the states make.
pub(super) fn clear() -> Result<()> {
    capture(&mut command(["sh", "-c", include_str!("clear.sh")])).map(drop)
}

pub(super) const ROOT_HOME: &str = "/mnt/home/root";

fn as_root(state: &State, longshore: &Path) -> Result<()> {
    let mut doctor = command([longshore]);
    doctor.env("HOME", ROOT_HOME);
    agrees(state.first, "", asked(&mut doctor, state), "root")
}

fn as_user(state: &State, longshore: &Path) -> Result<()> {
    let groups = if state.member { "--groups=999" } else { "--clear-groups" };
    let mut user = command(["setpriv", "--reuid=1000", "--regid=1000", groups]);
    user.arg(longshore).env("HOME", "/mnt/home/user");
    agrees(state.ordinary, state.says, asked(&mut user, state), "an ordinary user")
}

fn asked<'a>(doctor: &'a mut Command, state: &State) -> &'a mut Command {
    doctor.args(["doctor", "--json", "--deadline", "5000"]).args(state.asked)
}

/// The first cause above a note is the one that was made.
fn agrees(wanted: Option<&str>, says: &str, doctor: &mut Command, who: &str) -> Result<()> {
    let report = output(doctor)?;
    let json: Value = serde_json::from_slice(&report.stdout)
        .with_context(|| format!("the report is not JSON: {}", String::from_utf8_lossy(&report.stderr)))?;
    let causes = json["causes"].as_array().cloned().unwrap_or_default();
    let first = causes.iter().find(|cause| cause["finding"]["severity"] != "note");
    let code = first.and_then(|cause| cause["code"].as_str());
    let said = first.map(Value::to_string).unwrap_or_default();
    if code == wanted && said.contains(says) {
        return Ok(());
    }
    Err(Failure::new(format!("as {who} expected {wanted:?} {says}, found {code:?}:\n{}", json["causes"])))
}
