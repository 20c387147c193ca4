//! The doctor: each cause of the famous error is made for real, and the doctor has to name it first.
//!
//! A scenario is a line of a table. Docker itself is asked as well: what the doctor says must agree
//! with how `docker run --gpus all` ends.

mod place;
mod repairs;
mod states;

use super::check::Ledger;
use super::{Job, scratch};
use crate::engines::BUSYBOX;
use crate::exec::{capture, command, output};
use diag::{Failure, Result, ResultExt};
use place::{Daemon, Place};
use repairs::Repair;
use serde_json::Value;
use states::State;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

/// A simulated host, and what is tried on it.
pub(crate) struct Host {
    /// Its name in a job.
    pub(crate) name: &'static str,
    /// A description for `longshore sim run --host FILE`; `None`: the usual preset.
    pub(crate) description: Option<&'static str>,
    scenarios: &'static [Scenario],
    /// Area by area.
    states: &'static [&'static [State]],
    /// What `--fix` puts right there.
    repairs: &'static [Repair],
}

/// One state of the software on a host.
struct Scenario {
    name: &'static str,
    /// `PATH` of dockerd.
    path: &'static str,
    hook: Hook,
    client: Client,
    engine: Engine,
    /// The toolkit's configuration file; empty: none.
    settings: &'static str,
    /// The code of the root cause; `None`: all is well.
    root: Option<&'static str>,
    /// What an ordinary user who may use the daemon is told; what only root can see is hidden from them.
    ordinary: Told,
    docker: Ends,
}

/// Where the hook is, and since when.
#[derive(Clone, Copy)]
enum Hook {
    Nowhere,
    BeforeStart(&'static str),
    AfterStart(&'static str),
}

/// How the client is told of the daemon, and who it is.
#[derive(Clone, Copy, PartialEq)]
enum Client {
    /// Root, by `--socket`.
    Socket,
    /// Root, by `DOCKER_HOST`.
    DockerHost,
    /// Root, by a current context that leads where Docker Desktop listens.
    DesktopContext,
    /// A user who is not in the group `docker`, by `--socket`.
    Stranger,
}

/// The state of the daemon.
#[derive(Clone, Copy, PartialEq)]
enum Engine {
    Runs,
    NotStarted,
    /// Not started, and could not be: `/etc/docker/daemon.json` is no JSON.
    BrokenFile,
}

/// What an ordinary user is told.
#[derive(Clone, Copy, PartialEq)]
enum Told {
    /// The same as root.
    Same,
    /// Nothing with certainty.
    Nothing,
}

/// How `docker run --gpus all` has to end.
#[derive(Clone, Copy)]
enum Ends {
    Well,
    /// With this text.
    Saying(&'static str),
    /// The hook is called and may say what it likes, or nothing.
    AsTheHookLikes,
}

/// What systemd gives to a service.
const USUAL: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const WITHOUT_LOCAL: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
const LOCAL: &str = "/usr/local/bin";
const OPT: &str = "/opt/bin";
const FAMOUS: Ends = Ends::Saying("could not select device driver \"\" with capabilities: [[gpu]]");

const HEALTHY: Scenario = Scenario {
    name: "all is well",
    path: USUAL,
    hook: Hook::BeforeStart(LOCAL),
    client: Client::Socket,
    engine: Engine::Runs,
    settings: "",
    root: None,
    ordinary: Told::Same,
    docker: Ends::Well,
};

/// All hosts.
pub(crate) const HOSTS: &[Host] = &[
    Host {
        name: "usual",
        description: None,
        scenarios: WITH_DRIVER,
        states: states::USUAL,
        repairs: repairs::USUAL,
    },
    Host {
        name: "no driver",
        description: Some(
            "summary = \"the module is not loaded\"\ninherits = \"dgx-h100\"\n[faults]\nmodule = \"absent\"\n",
        ),
        scenarios: &[
            Scenario { name: "no driver", root: Some("H102"), docker: Ends::AsTheHookLikes, ..HEALTHY },
            Scenario {
                name: "neither driver nor toolkit",
                hook: Hook::Nowhere,
                root: Some("H102"),
                docker: FAMOUS,
                ..HEALTHY
            },
        ],
        states: &[],
        repairs: &[],
    },
    Host {
        name: "version skew",
        description: Some(
            "summary = \"upgraded under the module\"\ninherits = \"dgx-h100\"\n[driver]\nmodule_version = \"570.86.15\"\n",
        ),
        scenarios: &[Scenario {
            name: "module and libraries differ",
            root: Some("H103"),
            docker: Ends::AsTheHookLikes,
            ..HEALTHY
        }],
        states: &[],
        repairs: &[],
    },
    Host {
        name: "no uvm",
        description: Some(
            "summary = \"no nvidia-uvm\"\ninherits = \"dgx-h100\"\n[faults]\nmissing_nodes = [\"/dev/nvidia-uvm\"]\n",
        ),
        scenarios: &[Scenario {
            name: "a device node is missing",
            root: Some("H109"),
            docker: Ends::AsTheHookLikes,
            ..HEALTHY
        }],
        states: &[],
        repairs: &[],
    },
    Host {
        name: "NVML hangs",
        description: Some("summary = \"NVML hangs\"\ninherits = \"dgx-h100\"\n[faults]\nnvml = \"hang\"\n"),
        scenarios: &[],
        states: states::HANGING,
        repairs: &[],
    },
    Host {
        name: "a GPU lost",
        description: Some(
            "summary = \"NVML lost GPU 3\"\ninherits = \"dgx-h100\"\n[faults]\nnvml_lost = [3]\n",
        ),
        scenarios: &[],
        states: states::LOST,
        repairs: &[],
    },
    Host {
        name: "empty MIG",
        description: Some(
            "summary = \"MIG without instances\"\ninherits = \"dgx-h100\"\n[gpu_defaults.mig]\nenabled = true\ndevices = []\n",
        ),
        scenarios: &[],
        states: states::EMPTY_MIG,
        repairs: &[],
    },
    Host {
        name: "driver in another root",
        description: Some("summary = \"a driver container\"\ninherits = \"driver-container\"\n"),
        scenarios: &[],
        states: states::OTHER_ROOT,
        repairs: repairs::OTHER_ROOT,
    },
    preset("workstation", "summary = \"a machine\"\ninherits = \"workstation\"\n", states::GEFORCE),
    preset("Debian", "summary = \"a machine\"\ninherits = \"debian\"\n", states::DEBIAN),
    preset("MIG", "summary = \"a machine\"\ninherits = \"dgx-mig\"\n", states::MIG),
    preset("mixed MIG", "summary = \"a machine\"\ninherits = \"dgx-mig-mixed\"\n", states::MIXED_MIG),
    preset("GB200", "summary = \"a machine\"\ninherits = \"gb200\"\n", states::GB200),
    preset("NixOS", "summary = \"a machine\"\ninherits = \"nixos\"\n", states::NIXOS),
    preset("Orin", "summary = \"a machine\"\ninherits = \"orin\"\n", states::ORIN),
    preset("vGPU", "summary = \"a machine\"\ninherits = \"vgpu-guest\"\n", states::VGPU),
    preset("WSL2", "summary = \"a machine\"\ninherits = \"wsl2\"\n", states::WSL_WELL),
    preset(
        "configured root",
        "summary = \"a machine\"\ninherits = \"driver-container\"\n",
        states::CONFIGURED_ROOT,
    ),
    preset("half upgraded", "summary = \"a machine\"\ninherits = \"half-upgraded\"\n", states::HALF_UPGRADED),
    preset("WSL2 broken", "summary = \"a machine\"\ninherits = \"wsl2\"\n", states::WSL),
    preset("driver going", "summary = \"a machine\"\ninherits = \"dgx-h100\"\n", states::GONE),
];

/// A host of its own with states only.
const fn preset(name: &'static str, description: &'static str, states: &'static [&'static [State]]) -> Host {
    Host { name, description: Some(description), scenarios: &[], states, repairs: &[] }
}

const WITH_DRIVER: &[Scenario] = &[
    Scenario {
        name: "no-cgroups with a rootful daemon",
        settings: "[nvidia-container-cli]\nno-cgroups = true\n",
        root: Some("H306"),
        docker: Ends::AsTheHookLikes,
        ..HEALTHY
    },
    Scenario {
        name: "the toolkit's file broken",
        settings: "[nvidia-container-cli\n",
        root: Some("H306"),
        docker: Ends::AsTheHookLikes,
        ..HEALTHY
    },
    Scenario {
        name: "the toolkit looks in a root that is gone",
        settings: "[nvidia-container-cli]\nroot = \"/run/nvidia/driver\"\n",
        root: Some("H306"),
        docker: Ends::AsTheHookLikes,
        ..HEALTHY
    },
    Scenario { name: "toolkit absent", hook: Hook::Nowhere, root: Some("H301"), docker: FAMOUS, ..HEALTHY },
    Scenario {
        name: "hook outside PATH",
        hook: Hook::BeforeStart(OPT),
        root: Some("H313"),
        ordinary: Told::Nothing,
        docker: FAMOUS,
        ..HEALTHY
    },
    Scenario {
        name: "hook outside a shorter PATH",
        path: WITHOUT_LOCAL,
        client: Client::DockerHost,
        root: Some("H313"),
        ordinary: Told::Nothing,
        docker: FAMOUS,
        ..HEALTHY
    },
    Scenario {
        name: "hook put there after the start",
        hook: Hook::AfterStart(LOCAL),
        root: Some("H303"),
        docker: FAMOUS,
        ..HEALTHY
    },
    HEALTHY,
    Scenario { name: "all is well by DOCKER_HOST", client: Client::DockerHost, ..HEALTHY },
    Scenario {
        name: "context of Docker Desktop",
        path: WITHOUT_LOCAL,
        client: Client::DesktopContext,
        root: Some("H201"),
        docker: FAMOUS,
        ..HEALTHY
    },
    Scenario {
        name: "user outside the group docker",
        client: Client::Stranger,
        root: Some("H205"),
        docker: Ends::Saying("permission denied"),
        ..HEALTHY
    },
    Scenario {
        name: "daemon not started",
        engine: Engine::NotStarted,
        root: Some("H206"),
        docker: Ends::Saying("Cannot connect to the Docker daemon"),
        ..HEALTHY
    },
    Scenario {
        name: "daemon.json broken",
        engine: Engine::BrokenFile,
        root: Some("H302"),
        docker: Ends::Saying("Cannot connect to the Docker daemon"),
        ..HEALTHY
    },
];

/// Runs the scenarios of a host. Nothing of Longshore may be installed on it yet.
pub(super) fn run(job: &Job, host: &str, ledger: &mut Ledger) -> Result<()> {
    let host = named(host).ok_or_else(|| Failure::new(format!("no scenarios for the host `{host}`")))?;
    for scenario in host.scenarios {
        ledger
            .check(&format!("doctor, docker of {}", job.suite), scenario.name, || carry_out(job, scenario))?;
    }
    states::run(job, host.states, host.repairs, ledger)
}

/// The host of that name.
pub(crate) fn named(name: &str) -> Option<&'static Host> {
    HOSTS.iter().find(|host| host.name == name)
}

fn carry_out(job: &Job, scenario: &Scenario) -> Result<()> {
    let place = Place::make(job, scenario)?;
    if !scenario.settings.is_empty() {
        fs::create_dir_all("/etc/nvidia-container-runtime").context("cannot make the toolkit's folder")?;
        fs::write(SETTINGS, scenario.settings).with_context(|| format!("cannot write {SETTINGS}"))?;
    }
    place_hook(job, scenario.hook, true)?;
    let daemon = Daemon::start(job.suite()?, &place, scenario)?;
    place_hook(job, scenario.hook, false)?;
    let asked = diagnosed(scenario, &place)
        .and_then(|()| told_to_a_user(scenario, &place))
        .and_then(|()| docker_agrees(job, scenario, &place));
    drop(daemon);
    clean()?;
    asked
}

/// The hook, copied to where the scenario wants it, at a distance from the start of the daemon: too
/// near to it the doctor rightly cannot tell which was first.
fn place_hook(job: &Job, hook: Hook, before: bool) -> Result<()> {
    match (hook, before) {
        (Hook::BeforeStart(directory), true) => {
            copy_hook(job, directory)?;
            sleep(Duration::from_millis(100));
            Ok(())
        }
        (Hook::AfterStart(directory), false) => {
            sleep(Duration::from_millis(1200));
            copy_hook(job, directory)
        }
        _ => Ok(()),
    }
}

fn copy_hook(job: &Job, directory: &str) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make {directory}"))?;
    let hook = format!("{directory}/{HOOK}");
    fs::copy(job.dist.join("longshore-runtime"), &hook)
        .with_context(|| format!("cannot write {hook}"))
        .map(drop)
}

const SETTINGS: &str = "/etc/nvidia-container-runtime/config.toml";
const HOOK: &str = "nvidia-container-runtime-hook";

/// What scenarios leave at places that others use.
fn clean() -> Result<()> {
    for path in [
        format!("{LOCAL}/{HOOK}"),
        format!("{OPT}/{HOOK}"),
        place::DAEMON_JSON.to_owned(),
        SETTINGS.to_owned(),
    ] {
        if Path::new(&path).exists() {
            fs::remove_file(&path).with_context(|| format!("cannot remove {path}"))?;
        }
    }
    Ok(())
}

/// The doctor names this root first, and its exit code and its text agree with that.
fn diagnosed(scenario: &Scenario, place: &Place) -> Result<()> {
    let report = doctor(scenario, place, &["--json", "-v"])?;
    let text = doctor(scenario, place, &[])?;
    let json: Value = serde_json::from_slice(&report.stdout)
        .with_context(|| format!("the report is not JSON: {}", String::from_utf8_lossy(&report.stderr)))?;
    let (root, code) = (json["root"].as_str(), report.status.code());
    let shown = String::from_utf8_lossy(&text.stdout).into_owned();
    let wanted = scenario.root.map_or(0, |_| 1);
    if root != scenario.root || code != Some(wanted) || text.status.code() != Some(wanted) {
        let expected = (scenario.root, wanted);
        return Err(Failure::new(format!(
            "expected {expected:?}, found {root:?} and exit code {code:?}:\n{shown}"
        )));
    }
    match scenario.root {
        Some(root) if !shown.contains(&format!("cause[{root}]")) => {
            Err(Failure::new(format!("the text does not name {root} as the cause:\n{shown}")))
        }
        _ => Ok(()),
    }
}

/// An ordinary user in the group of the daemon is told the same, or nothing with certainty.
fn told_to_a_user(scenario: &Scenario, place: &Place) -> Result<()> {
    if scenario.client == Client::Stranger {
        return Ok(());
    }
    let mut user = command(["setpriv", "--reuid=1000", "--regid=1000", "--groups=999"]);
    user.arg(&place.longshore);
    let report = asked(user, scenario, place, &["--json"])?;
    let json: Value = serde_json::from_slice(&report.stdout)
        .with_context(|| format!("the report is not JSON: {}", String::from_utf8_lossy(&report.stderr)))?;
    let wanted = scenario.root.filter(|_| scenario.ordinary == Told::Same);
    match json["root"].as_str() {
        root if root == wanted => Ok(()),
        root => Err(Failure::new(format!(
            "as an ordinary user expected {wanted:?}, found {root:?}:\n{}",
            json["causes"]
        ))),
    }
}

fn doctor(scenario: &Scenario, place: &Place, options: &[&str]) -> Result<Output> {
    asked(place.called([place.longshore.as_os_str()], scenario.client), scenario, place, options)
}

fn asked(mut doctor: Command, scenario: &Scenario, place: &Place, options: &[&str]) -> Result<Output> {
    // A busy test machine may be slow to show a directory; what is tested is the judgement.
    doctor.args(["doctor", "--deadline", "5000"]).args(options);
    doctor.env_remove("DOCKER_HOST").env("DOCKER_CONFIG", place.folder.join("client"));
    match scenario.client {
        Client::Socket | Client::Stranger => doctor.arg("--socket").arg(&place.socket),
        Client::DockerHost => doctor.env("DOCKER_HOST", place.address()),
        Client::DesktopContext => &mut doctor,
    };
    output(&mut doctor)
}

/// Docker itself ends as the doctor said.
fn docker_agrees(job: &Job, scenario: &Scenario, place: &Place) -> Result<()> {
    if scenario.engine == Engine::Runs {
        capture(place.docker(Client::Socket).args(["load", "--input"]).arg(job.images.join("busybox.tar")))?;
    }
    let words = ["run", "--rm", "--network", "none", "--gpus", "all", BUSYBOX, "ls", "/dev/nvidia0"];
    let ran = output(place.docker(scenario.client).args(words))?;
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    let agrees = match scenario.docker {
        Ends::Well => ran.status.success(),
        Ends::Saying(text) => !ran.status.success() && said.contains(text),
        Ends::AsTheHookLikes => true,
    };
    if agrees { Ok(()) } else { Err(Failure::new(format!("docker disagrees: {}\n{said}", ran.status))) }
}
