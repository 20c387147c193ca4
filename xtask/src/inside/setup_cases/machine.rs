//! The machine under test: how it is called, and what it is.

use super::Parts;
use crate::exec::{capture, command, output};
use crate::inside::Job;
use crate::inside::boot::Booted;
use crate::inside::expect::text;
use crate::inside::tree::Snapshot;
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::path::PathBuf;
use std::process::Output;

/// What has to be the same at the end.
const FOLDERS: &[&str] = &["/etc", "/usr", "/opt", "/root", "/home", "/srv", "/var/lib"];

/// What package managers and systemd keep for themselves: caches, backups, logs, and the order of lists.
const KEPT: &[&str] = &[
    "/etc/ld.so.cache",
    "/etc/passwd-",
    "/etc/shadow-",
    "/etc/group-",
    "/etc/gshadow-",
    "/etc/subuid-",
    "/etc/subgid-",
    "/etc/machine-id",
    "/etc/.pwd.lock",
    "/usr/share/mime",
    "/var/lib/apt/lists",
    "/var/lib/apt/periodic",
    "/var/lib/dpkg/status",
    "/var/lib/dpkg/status-old",
    "/var/lib/dpkg/available",
    "/var/lib/dpkg/lock",
    "/var/lib/dpkg/lock-frontend",
    "/var/lib/dpkg/triggers",
    "/var/lib/dpkg/diversions",
    "/var/lib/dpkg/diversions-old",
    "/var/lib/dpkg/statoverride",
    "/var/lib/dpkg/statoverride-old",
    "/var/lib/dpkg/alternatives",
    "/var/lib/dpkg/info/format",
    "/var/lib/apt/extended_states",
    "/var/lib/systemd",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/containers",
];

/// Docker leaves the machine's network alone.
const DROP_IN: (&str, &str) = (
    "/etc/systemd/system/docker.service.d/network.conf",
    "[Service]\nEnvironment=\"DOCKER_OPTS=--bridge=none --iptables=false\"\n",
);

/// The machine and how it is called.
pub(super) struct Place {
    /// Taken out for a reboot.
    machine: Option<Booted>,
    /// The program, as a tar ball would bring it.
    pub(super) longshore: PathBuf,
    pub(super) package: PathBuf,
    pub(super) original: PathBuf,
    pub(super) parts: Parts,
}

/// What a machine is.
pub(super) struct State {
    files: Snapshot,
    packages: String,
    units: String,
}

impl Place {
    pub(super) fn new(job: &Job, parts: &Parts) -> Result<Self> {
        let list = format!("deb [trusted=yes] file:{} ./\n", parts.repository.display());
        for (path, content) in [("/etc/apt/sources.list", list.as_str()), DROP_IN] {
            write(path, content)?;
        }
        // Which the package of networks' names would make, and leave.
        write("/etc/hosts", "127.0.0.1\tlocalhost\n")?;
        capture(&mut command(["useradd", "--create-home", "u"]))?;
        Ok(Self {
            machine: Some(Booted::machine()?),
            longshore: job.dist.join("longshore"),
            package: parts.package.clone(),
            original: parts.original.clone(),
            parts: parts.clone(),
        })
    }

    pub(super) fn machine(&self) -> Result<&Booted> {
        self.machine.as_ref().ok_or_else(|| Failure::new("the machine is down"))
    }

    /// Loss of power, and a boot.
    pub(super) fn reboot(&mut self) -> Result<()> {
        let machine = self.machine.take().ok_or_else(|| Failure::new("the machine is down"))?;
        self.machine = Some(machine.reboot()?);
        Ok(())
    }

    /// The call of `setup` with our package, as root.
    pub(super) fn setup(&self, options: &str) -> String {
        format!(
            "env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin {} setup --package={} {options}",
            self.longshore.display(),
            self.package.display()
        )
    }

    /// The same without our package, which comes another way.
    pub(super) fn bare(&self, options: &str) -> String {
        format!(
            "env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin {} setup {options}",
            self.longshore.display()
        )
    }

    /// The call that takes it back: of the installed program, as a user would.
    pub(super) fn undo(&self) -> String {
        format!(
            "env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin {} undo setup --yes",
            self.longshore.display()
        )
    }

    /// What is installed.
    pub(super) fn installed(&self) -> Result<String> {
        self.ends("dpkg-query -W -f '${binary:Package}\\n'", 0)
    }

    /// Takes away the packages that a case itself has installed, and what they left.
    pub(super) fn only(&self, installed: &str) -> Result<()> {
        let now = self.installed()?;
        let new: Vec<&str> =
            now.lines().filter(|name| !installed.lines().any(|there| there == *name)).collect();
        let away = format!(
            "systemctl disable --now docker.socket docker containerd; rmdir --ignore-fail-on-non-empty \
             /etc/systemd/system/sockets.target.wants; dpkg --purge --force-depends {}; groupdel docker; rm -rf /etc/docker \
             /etc/containerd /etc/cni /etc/nvidia-container-runtime /var/lib/docker/* /var/lib/containerd/* /etc/ssl/certs \
             /usr/local/share/ca-certificates /opt/containerd",
            new.join(" ")
        );
        self.run(&away).map(drop)
    }

    /// Runs a script; everything that it says, and how it ended.
    pub(super) fn run(&self, script: &str) -> Result<Output> {
        self.machine()?.run(script)
    }

    /// Runs a script that must end with this code; what it said.
    pub(super) fn ends(&self, script: &str, code: i32) -> Result<String> {
        let ran = self.run(script)?;
        let said = text(&ran);
        if ran.status.code() == Some(code) {
            return Ok(said);
        }
        Err(Failure::new(format!("{script}\nended with {}, not {code}:\n{said}", ran.status)))
    }

    /// A container gets its GPUs, and Docker knows the runtime.
    pub(super) fn has_gpu(&self, said: &str) -> Result<()> {
        let wanted = "a container gets the GPU";
        let line = said.lines().find(|line| line.contains(wanted)).unwrap_or_default();
        if line.trim_start().starts_with("yes") && said.contains("shows 8 GPUs") {
            return Ok(());
        }
        Err(Failure::new(format!("no GPU in a container:\n{said}")))
    }

    pub(super) fn state(&self) -> Result<State> {
        let packages = self
            .machine()?
            .inside("dpkg-query -W -f '${Package} ${Version} ${Status}\\n'; apt-mark showauto")?;
        let units = "systemctl list-unit-files --no-legend --no-pager | grep -v '^[^ ]*\\.scope'; \
                     systemctl list-units --no-legend --no-pager --plain --state=active --type=service,socket,path | cut -d' ' -f1 | sort | \
                     grep -Ev '^(ldconfig|systemd-(journal-catalog-update|sysusers|update-done|.*clean.*|timedated|hostnamed))'";
        Ok(State { files: Snapshot::of(FOLDERS)?, packages, units: self.machine()?.inside(units)? })
    }

    pub(super) fn is_as(&self, before: &State) -> Result<()> {
        self.is_like(before, &[])
    }

    /// The same, but for these paths.
    pub(super) fn is_like(&self, before: &State, but: &[&str]) -> Result<()> {
        let after = self.state()?;
        let mut changes = before.files.changes(&after.files, &[KEPT, but].concat());
        changes.extend(lines("package", &before.packages, &after.packages));
        changes.extend(lines("unit", &before.units, &after.units));
        if changes.is_empty() {
            return Ok(());
        }
        changes.truncate(40);
        Err(Failure::new(format!("the machine is not what it was:\n{}", changes.join("\n"))))
    }
}

fn lines(what: &str, before: &str, after: &str) -> Vec<String> {
    let only = |one: &str, other: &str, sign: char| -> Vec<String> {
        let new = one.lines().filter(|line| !other.lines().any(|there| there == *line));
        new.map(|line| format!("{sign} {what} {line}")).collect()
    };
    [only(before, after, '-'), only(after, before, '+')].concat()
}

/// Writes a file of the machine's, with its folders.
pub(super) fn write(path: &str, content: &str) -> Result<()> {
    let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {folder}"))?;
    fs::write(path, content).with_context(|| format!("cannot write {path}"))
}

/// Runs a command beside the machine.
pub(super) fn beside(words: &[&str]) -> Result<String> {
    let ran = output(&mut command(words))?;
    if ran.status.success() {
        Ok(text(&ran))
    } else {
        Err(Failure::new(format!("{}: {}", words.join(" "), text(&ran))))
    }
}
