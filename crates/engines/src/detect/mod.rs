//! Which daemons a machine has, and which file each really reads: what systemd's units and running
//! processes say on their command lines, and the traces that other forms of packaging leave.

mod choose;
mod command_line;
mod context;
mod process;
mod systemd;

pub use choose::{Choice, Wish, choose, refusal};

use crate::Engine;
use crate::restart::runtime_folder;
pub(crate) use command_line::socket;
use command_line::{option, values};
use host::Host;
use std::collections::BTreeSet;

/// One installation of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// How it came here.
    pub kind: InstallationKind,
    /// Its configuration file, whether it exists or not.
    pub config: String,
    /// The file of our own that it reads beside its configuration, for engines that read such.
    pub drop_in: Option<String>,
    /// The daemon's executable, where one was found.
    pub program: Option<String>,
    /// The systemd unit that runs it.
    pub service: Option<Service>,
    /// The socket on which it answers.
    pub socket: Option<String>,
    /// What shows that it is here: `docker.service`, `process 812`, `/usr/bin/dockerd`.
    pub seen: String,
}

/// How an engine came to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallationKind {
    /// A package of the distribution or of the vendor, run by root.
    System,
    /// Run by a user without privileges.
    Rootless,
    /// A snap, confined.
    Snap,
    /// Docker Desktop: a daemon in a virtual machine.
    Desktop,
    /// The virtual machine of `podman machine`.
    Machine,
    /// The containerd of MicroK8s, a snap.
    Microk8s,
    /// The containerd inside k3s, which writes its configuration anew at every start.
    K3s,
    /// The containerd inside RKE2, which does the same.
    Rke2,
}

/// A unit of systemd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name: `docker.service`.
    pub unit: String,
    /// Whether the manager of a user runs it, and not that of the system.
    pub user: bool,
    /// Whether it can be reloaded: it has an `ExecReload`.
    pub reloads: bool,
}

/// What is looked for: the daemon of an engine.
#[derive(Debug)]
pub(crate) struct Daemon {
    /// Name of its program.
    pub(crate) program: &'static str,
    /// The script that runs it rootless.
    pub(crate) rootless_script: &'static str,
    /// Options that name its configuration file.
    pub(crate) config_options: &'static [&'static str],
    /// Where its configuration file is without such an option, below `/etc` or the user's folder.
    pub(crate) config: &'static str,
    /// Where our drop-in is, beside it.
    pub(crate) drop_in: Option<&'static str>,
    /// Options that name its socket.
    pub(crate) socket_options: &'static [&'static str],
    /// Where its socket is without such an option, below `/run` or the user's folder of sockets.
    pub(crate) socket: &'static str,
}

impl Daemon {
    /// Everything that units, processes and files tell of it.
    pub(crate) fn find(&self, host: &Host) -> Vec<Installation> {
        let mut found = self.of_units(host);
        for process in process::named(host, self.program) {
            if process.program.starts_with("/snap/") || below_rancher(&process) {
                continue;
            }
            let installation = match &process.home {
                None => self.of_system(&process.arguments, Some(process.program.clone())),
                Some(home) => self.of_user(host, &format!("{home}/.config"), &process.arguments),
            };
            push(&mut found, Installation { seen: format!("process {}", process.id), ..installation });
        }
        let program = crate::installed(host, self.program);
        let usual = self.of_system(&[], program.clone());
        let system = found.iter().any(|other| other.kind == InstallationKind::System);
        if !system && (program.is_some() || host.exists(&usual.config)) {
            let seen = program.unwrap_or_else(|| usual.config.clone());
            found.insert(0, Installation { seen, ..usual });
        }
        if let Some(folder) = user_folder(host) {
            let rootless = self.of_user(host, &folder, &[]);
            if host.exists(&rootless.config) {
                push(&mut found, Installation { seen: rootless.config.clone(), ..rootless });
            }
        }
        found
    }

    /// The installation of the caller, whether there is one or not.
    pub(crate) fn rootless(&self, host: &Host) -> Option<Installation> {
        let found = self.find(host).into_iter().find(|found| found.kind == InstallationKind::Rootless);
        found.or_else(|| Some(self.of_user(host, &user_folder(host)?, &[])))
    }

    fn of_units(&self, host: &Host) -> Vec<Installation> {
        let mut found = Vec::new();
        for unit in systemd::units(host, &systemd::system_folders(), self.program) {
            if unit.runs(self.program) {
                let installation = self.of_system(&unit.arguments, Some(unit.program.clone()));
                push(
                    &mut found,
                    Installation { service: Some(unit.service(false)), seen: unit.name, ..installation },
                );
            }
        }
        let Some(folder) = user_folder(host) else { return found };
        for unit in systemd::units(host, &systemd::user_folders(&folder), self.program) {
            if unit.runs(self.program) || unit.runs(self.rootless_script) {
                let installation = self.of_user(host, &folder, &unit.arguments);
                let seen = format!("{} of the user", unit.name);
                push(&mut found, Installation { service: Some(unit.service(true)), seen, ..installation });
            }
        }
        found
    }

    fn of_system(&self, arguments: &[String], program: Option<String>) -> Installation {
        Installation { program, ..self.of(InstallationKind::System, "/etc", "/run", arguments) }
    }

    fn of_user(&self, host: &Host, folder: &str, arguments: &[String]) -> Installation {
        self.of(InstallationKind::Rootless, folder, &runtime_folder(host), arguments)
    }

    fn of(&self, kind: InstallationKind, folder: &str, run: &str, arguments: &[String]) -> Installation {
        let usual = format!("{folder}/{}", self.config);
        let config = option(arguments, self.config_options).filter(|path| path.starts_with('/'));
        let config = config.unwrap_or_else(|| usual.clone());
        let addresses = values(arguments, self.socket_options);
        Installation {
            drop_in: self.drop_in_beside(folder, &usual, &config),
            socket: socket(&addresses, &format!("{run}/{}", self.socket)),
            ..trace(kind, &config, "")
        }
    }

    /// A daemon with its file elsewhere gets its drop-in beside that file.
    fn drop_in_beside(&self, folder: &str, usual: &str, config: &str) -> Option<String> {
        let parent = |path: &str| path.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned();
        let drop_in = format!("{folder}/{}", self.drop_in?);
        Some(match drop_in.strip_prefix(&parent(usual)) {
            Some(rest) if config != usual => parent(config) + rest,
            _ => drop_in,
        })
    }
}

/// `$XDG_CONFIG_HOME`, or `$HOME/.config`: where the programs of a user have their configuration
/// (XDG Base Directory Specification).
pub(crate) fn user_folder(host: &Host) -> Option<String> {
    let set = |name| host.environment().get(name).filter(|value| value.starts_with('/')).map(str::to_owned);
    set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")? + "/.config"))
}

/// `$HOME`, where it is an absolute path.
fn user_home(host: &Host) -> Option<String> {
    host.environment().get("HOME").filter(|home| home.starts_with('/')).map(str::to_owned)
}

/// An installation that is nothing but its kind and a file: of engines that are not run by systemd
/// as such.
pub(crate) fn trace(kind: InstallationKind, config: &str, seen: &str) -> Installation {
    Installation {
        kind,
        config: config.to_owned(),
        drop_in: None,
        program: None,
        service: None,
        socket: None,
        seen: seen.to_owned(),
    }
}

/// The unit whose program has this name and one of these words after it.
pub(crate) fn service(host: &Host, program: &str, words: &[&str]) -> Option<(Service, Vec<String>)> {
    let has = |unit: &systemd::Unit| unit.arguments.iter().any(|word| words.contains(&word.as_str()));
    let units = systemd::units(host, &systemd::system_folders(), program);
    let unit = units.into_iter().find(|unit| unit.runs(program) && has(unit))?;
    Some((unit.service(false), unit.arguments))
}

/// The value of an option of a command line.
pub(crate) fn option_of(arguments: &[String], names: &[&str]) -> Option<String> {
    option(arguments, names)
}

/// Ids of the running processes whose program's name begins like this.
pub(crate) fn process_ids_like(host: &Host, beginning: &str) -> BTreeSet<u32> {
    process::like(host, beginning).into_iter().map(|process| process.id).collect()
}

/// What runs of this engine with that configuration.
pub(crate) fn process_of(host: &Host, engine: &Engine, config: &str) -> Option<u32> {
    let daemon = engine.daemon?;
    let reads = |process: &process::Process| {
        let given = option(&process.arguments, daemon.config_options);
        given.map_or(config == format!("/etc/{}", daemon.config), |given| given == config)
    };
    process::named(host, daemon.program).into_iter().find(reads).map(|process| process.id)
}

/// k3s and RKE2 unpack their programs below `/var/lib/rancher`.
fn below_rancher(process: &process::Process) -> bool {
    let config = option(&process.arguments, &["-c", "--config"]).unwrap_or_default();
    process.program.contains("/rancher/") || config.contains("/rancher/") || process.program.contains("/k3s/")
}

/// Adds an installation, unless the same file is known of the same kind already.
fn push(found: &mut Vec<Installation>, installation: Installation) {
    let same = |other: &Installation| other.kind == installation.kind && other.config == installation.config;
    if !found.iter().any(same) {
        found.push(installation);
    }
}

#[cfg(test)]
mod tests;
