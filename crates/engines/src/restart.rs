//! After a change: what makes a daemon act on it, and whether it does. Nothing here restarts
//! anything; a [`Way`] is a program that the caller puts into the plan as its last step.

use crate::detect::{Installation, InstallationKind, Service, process_ids_like, process_of};
use crate::docker::api;
use crate::{Desired, ENGINES, Engine, codes, grpc};
use diag::{Failure, Result};
use host::Host;
use host::exec::Command;
use plan::{Plan, Step};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// What a daemon needs before it acts on its changed files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Nothing: the files are read for each container.
    Nothing,
    /// It reads them again on a signal.
    Reload,
    /// It must be started anew.
    Restart,
}

/// How it gets that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing is to be done, for this reason.
    Nothing(String),
    /// This program does it; `undo` after the change was taken back.
    Run {
        /// Program and arguments.
        argv: Vec<String>,
        /// Program and arguments after the change was taken back: what was added by a signal stays
        /// until a restart.
        undo: Vec<String>,
    },
    /// Somebody must do it by hand: a command, or a sentence.
    ByHand(String),
}

impl Way {
    /// The last step of a plan that changes the files.
    #[must_use]
    pub fn step(&self) -> Option<Step> {
        match self {
            Self::Run { argv, undo } => Some(Step::Settle { argv: argv.clone(), undo: undo.clone() }),
            Self::Nothing(_) | Self::ByHand(_) => None,
        }
    }

    /// Whether nothing ends on this way.
    #[must_use]
    pub fn is_gentle(&self) -> bool {
        match self {
            Self::Run { argv, .. } => is_gentle(argv),
            Self::Nothing(_) | Self::ByHand(_) => true,
        }
    }

    /// The same with taking back as gentle as the way there: for a daemon that may not be restarted. What
    /// it took by a signal stays until somebody restarts it.
    #[must_use]
    pub fn gentle_back(self) -> Self {
        match self {
            Self::Run { argv, .. } if is_gentle(&argv) => Self::Run { undo: argv.clone(), argv },
            way => way,
        }
    }
}

/// How the daemon of an installation gets what it needs. `command` is what the caller says restarts it.
#[must_use]
pub fn way(
    host: &Host,
    engine: &Engine,
    installation: &Installation,
    need: Need,
    command: Option<&str>,
) -> Way {
    if need == Need::Nothing {
        return Way::Nothing(format!("{} has no daemon: the next container uses it", engine.name));
    }
    if let Some(command) = command {
        let argv = ["/bin/sh", "-c", command].map(str::to_owned).to_vec();
        return Way::Run { argv: argv.clone(), undo: argv };
    }
    let running = process_of(host, engine, &installation.config);
    let Some(service) = &installation.service else { return unsupervised(engine, need, running) };
    let verb = |verb| systemctl(host, service, verb);
    if !host.is_live() || !host.exists("/run/systemd/system") {
        let verb = if need == Need::Reload && service.reloads { "reload" } else { "restart" };
        return match unsupervised(engine, need, running) {
            Way::ByHand(_) => Way::ByHand(typed(service, verb)),
            way => way,
        };
    }
    match state(&verb("show")).as_deref() {
        Some("inactive" | "failed") => {
            Way::Nothing(format!("{} does not run; it reads its files when it starts", service.unit))
        }
        Some("active" | "reloading" | "activating") => {
            let reload = need == Need::Reload && service.reloads;
            let argv = if reload { verb("reload") } else { verb("restart") };
            let undo = start_anew(&verb("show"), &verb("reset-failed"), &verb("restart"));
            Way::Run { argv, undo }
        }
        _ => Way::ByHand(typed(service, if need == Need::Reload { "reload" } else { "restart" })),
    }
}

/// A daemon that no systemd looks after: a signal reaches it, but nobody would start it again.
fn unsupervised(engine: &Engine, need: Need, running: Option<u32>) -> Way {
    let name = engine.daemon.map_or(engine.name, |daemon| daemon.program);
    match (need, running) {
        (Need::Reload, Some(id)) => {
            let argv = vec!["/bin/kill".to_owned(), "-HUP".to_owned(), id.to_string()];
            Way::Run { argv: argv.clone(), undo: argv }
        }
        (_, Some(id)) => Way::ByHand(format!(
            "restart {name} (process {id}), which no systemd looks after; --restart-command=CMD does it from here"
        )),
        (_, None) => Way::Nothing(format!("{name} does not run here; it reads its files when it starts")),
    }
}

/// A restart with a fresh count of starts: after a start that failed, systemd may refuse another one. A
/// daemon that somebody stopped meanwhile stays so; one that failed is not `inactive`.
fn start_anew(show: &[String], reset: &[String], restart: &[String]) -> Vec<String> {
    let line = |argv: &[String]| {
        let words = argv.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''")));
        words.collect::<Vec<_>>().join(" ")
    };
    let stopped = format!("[ \"$({})\" = ActiveState=inactive ] && exit 0", line(show));
    let script = format!("{stopped}; {}; exec {}", line(reset), line(restart));
    vec!["/bin/sh".to_owned(), "-c".to_owned(), script]
}

/// Whether these words only tell a daemon to read its files again: nothing ends with that.
#[must_use]
pub fn is_gentle(argv: &[String]) -> bool {
    let words = argv.iter().flat_map(|word| word.split_whitespace());
    words.into_iter().any(|word| ["reload", "-HUP", "-SIGHUP", "HUP", "SIGHUP"].contains(&word))
}

/// The engine whose files a plan changes.
#[must_use]
pub fn engine_of(host: &Host, plan: &Plan) -> Option<(&'static Engine, Installation)> {
    let written = |path: &str| {
        plan.steps.iter().any(|step| matches!(step, Step::Write { path: other, .. } if other == path))
    };
    let found = |engine: &'static Engine| {
        let all = (engine.detect)(host).into_iter().chain(engine.rootless(host));
        all.filter(|found| written(&found.config) || found.drop_in.as_deref().is_some_and(written))
            .map(|found| (engine, found))
            .next()
    };
    ENGINES.iter().find_map(found)
}

/// The call of systemd's program; that of a user needs to know where the user's manager is.
fn systemctl(host: &Host, service: &Service, verb: &str) -> Vec<String> {
    let program = crate::installed(host, "systemctl").unwrap_or_else(|| "/usr/bin/systemctl".to_owned());
    let mut argv = Vec::new();
    if service.user {
        argv.extend(["/usr/bin/env".to_owned(), format!("XDG_RUNTIME_DIR={}", runtime_folder(host))]);
    }
    argv.push(program);
    argv.extend(service.user.then(|| "--user".to_owned()));
    argv.push(verb.to_owned());
    if verb == "show" {
        argv.push("--property=ActiveState".to_owned());
    }
    argv.push(service.unit.clone());
    argv
}

/// Where sockets of the caller are (XDG Base Directory Specification; systemd makes it).
pub(crate) fn runtime_folder(host: &Host) -> String {
    let given = host.environment().get("XDG_RUNTIME_DIR").filter(|path| path.starts_with('/'));
    given.map_or_else(|| format!("/run/user/{}", host.uid()), str::to_owned)
}

fn typed(service: &Service, verb: &str) -> String {
    let user = if service.user { "--user " } else { "" };
    let root = if service.user { "" } else { "sudo " };
    format!("{root}systemctl {user}{verb} {}", service.unit.trim_end_matches(".service"))
}

/// `ActiveState` of the unit that the program is asked for.
fn state(argv: &[String]) -> Option<String> {
    let (program, arguments) = argv.split_first()?;
    let output = Command::new(program).args(arguments).env("PATH", "/usr/bin:/bin").run().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("ActiveState=")).map(str::to_owned)
}

/// What runs under a daemon before it is restarted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Running {
    names: BTreeSet<String>,
    shims: BTreeSet<u32>,
    /// Docker runs, but answers on no socket of this machine: whose the shims are cannot be told.
    untold: bool,
}

impl Running {
    /// What runs now. A daemon that does not answer runs nothing that could be counted.
    #[must_use]
    pub fn now(host: &Host, engine: &Engine, installation: &Installation) -> Self {
        let socket = installation.socket.as_deref().filter(|_| engine.name == "docker");
        let names = socket.and_then(|socket| api::running(host, socket).ok()).unwrap_or_default();
        let untold = engine.name == "docker" && installation.socket.is_none();
        let count = untold || engine.name != "docker";
        let shims = if count { process_ids_like(host, "containerd-shim") } else { BTreeSet::new() };
        Self { names, shims, untold }
    }

    /// Whether a restart leaves everything running.
    ///
    /// # Errors
    /// It would stop containers of Docker, which has no live-restore on.
    pub fn may_be_restarted(&self, host: &Host, installation: &Installation) -> Result<()> {
        let live_restore = || {
            let socket = installation.socket.as_deref().unwrap_or_default();
            api::info(host, socket).is_ok_and(|info| info.live_restore)
        };
        if self.untold && !self.shims.is_empty() {
            let message =
                "a restart may stop running containers: docker answers on no socket of this machine";
            return Err(Failure::coded(codes::WOULD_STOP_CONTAINERS, message)
                .hint("look with `docker ps`; --stop-containers restarts it anyway"));
        }
        if self.names.is_empty() || live_restore() {
            return Ok(());
        }
        let names: Vec<&str> = self.names.iter().map(String::as_str).take(5).collect();
        let message = format!(
            "a restart would stop {} running containers ({}{})",
            self.names.len(),
            names.join(", "),
            if self.names.len() > names.len() { ", ..." } else { "" }
        );
        Err(Failure::coded(codes::WOULD_STOP_CONTAINERS, message).hint(
            "stop them yourself, or add --stop-containers; with `\"live-restore\": true` in daemon.json they go on",
        ))
    }

    /// What ran before and runs no more, in words; empty when all of it does.
    #[must_use]
    pub fn lost(&self, after: &Self) -> Vec<String> {
        let names = self.names.difference(&after.names).cloned();
        names.chain(self.shims.difference(&after.shims).map(|id| format!("shim {id}"))).collect()
    }
}

/// Whether a running daemon shows what its files say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It does.
    Yes,
    /// It does not, in these words.
    No(String),
    /// It has no way to tell, or is not reached from here.
    CannotTell(String),
}

/// Asks the daemon of an installation whether it shows what is wanted.
#[must_use]
pub fn shown(host: &Host, engine: &Engine, installation: &Installation, desired: &Desired) -> Shown {
    let Some(socket) = installation.socket.as_deref().filter(|_| host.is_live()) else {
        return Shown::CannotTell(format!("{} has no socket here", engine.name));
    };
    match (engine.name, installation.kind) {
        ("docker", _) => match api::info(host, socket) {
            Ok(info) => of_docker(&info, desired),
            Err(failure) => Shown::No(failure.chain()),
        },
        ("containerd" | "k3s" | "rke2", kind) if kind != InstallationKind::Rootless => {
            match cri_status(host, socket) {
                Ok(config) => of_containerd(&config, desired),
                Err(failure) if host.connect(socket, Duration::from_secs(1)).is_ok() => {
                    Shown::CannotTell(format!("its kubelet interface is off: {}", failure.chain()))
                }
                Err(failure) => Shown::No(failure.chain()),
            }
        }
        _ => Shown::CannotTell(format!("{} does not say what its configuration is", engine.name)),
    }
}

fn of_docker(info: &api::Info, desired: &Desired) -> Shown {
    let name = &desired.runtime_name;
    if !info.runtimes.contains(name) {
        Shown::No(format!("docker shows no runtime {name}"))
    } else if desired.set_as_default && info.default_runtime != *name {
        Shown::No(format!("docker's default runtime is {}", info.default_runtime))
    } else if desired.enable_cdi && !info.cdi {
        Shown::No("docker shows no CDI directories".to_owned())
    } else {
        Shown::Yes
    }
}

fn of_containerd(config: &Value, desired: &Desired) -> Shown {
    let name = &desired.runtime_name;
    let containerd = config.get("containerd");
    let entry = containerd.and_then(|table| table.get("runtimes")).and_then(|runtimes| runtimes.get(name));
    let default = containerd.and_then(|table| table.get("defaultRuntimeName")).and_then(Value::as_str);
    if entry.is_none() {
        Shown::No(format!("containerd shows no runtime {name}"))
    } else if desired.set_as_default && default != Some(name) {
        Shown::No(format!("containerd's default runtime is {}", default.unwrap_or_default()))
    } else {
        Shown::Yes
    }
}

/// The configuration of the CRI plugin, as it answers the kubelet's `Status` when asked for everything.
fn cri_status(host: &Host, socket: &str) -> Result<Value> {
    let verbose = grpc::varint_field(1, 1);
    let answer =
        grpc::call(host, socket, "/runtime.v1.RuntimeService/Status", &verbose, Duration::from_secs(5))?;
    let entries = grpc::texts(&answer, 2).into_iter();
    let config = entries
        .filter(|entry| grpc::texts(entry, 1).first() == Some(&&b"config"[..]))
        .find_map(|entry| grpc::texts(entry, 2).first().copied());
    let config = config.ok_or_else(|| Failure::new("its status says nothing of its configuration"))?;
    serde_json::from_slice(config)
        .map_err(|cause| Failure::new("its configuration is not JSON").caused_by(cause))
}

#[cfg(test)]
mod tests;
