//! What there is before anything is planned.

use crate::client::Client;
use crate::distribution::Distribution;
use crate::sources::{self, Trouble};
use crate::{Kind, Manager, packages};
use diag::{Finding, Result};
use engines::{Desired, Files, Installation, InstallationKind, Proposal, docker};
use host::Host;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The state of a machine, as far as the way to a GPU in a container is concerned.
#[derive(Clone, Debug, Serialize)]
pub struct Survey {
    /// The distribution.
    pub distribution: Distribution,
    /// The version of the loaded kernel module; `None` when it is not loaded.
    pub driver: Option<String>,
    /// Where Docker Desktop shows itself.
    pub desktop: Option<String>,
    /// Whether Docker Desktop came as a package that the package manager can remove.
    pub desktop_package: bool,
    /// Whether Docker is here as a snap.
    pub snap: bool,
    /// The program of Docker Engine.
    pub engine: Option<String>,
    /// The systemd unit that runs it.
    pub unit: Option<String>,
    /// Installed packages that Docker's own cannot stand beside.
    pub conflicting: Vec<String>,
    /// Whether the list of installed packages could be read.
    pub packages_known: bool,
    /// Whether this toolkit's programs are in place.
    pub toolkit: bool,
    /// Whether the original toolkit's package is installed.
    pub original: bool,
    /// What stops apt.
    pub troubles: Vec<Trouble>,
    /// The Docker client's residue.
    pub client: Client,
    /// The user who called, when that is not root.
    pub user: Option<String>,
    /// That user's home.
    pub home: Option<String>,
    /// That user's number.
    pub user_id: Option<u32>,
    /// Whether that user is in the group `docker`.
    pub in_group: bool,
    /// Whether systemd runs; for another host, that is taken as given.
    pub systemd: bool,
    /// Whether systemd's program is here, which switches units on even where systemd does not run.
    pub systemctl: bool,
    /// Whether curl is here, which fetches the key of Docker's repository.
    pub curl: bool,
    /// Whether Docker's own packages are installed.
    pub docker_ce: bool,
    /// Whether the units that refresh the CDI specification start with the machine, or are not here at all.
    pub refresh_units: bool,
    /// Whether the user has a Docker Engine of their own.
    pub rootless: bool,
    /// Whether the program of the package manager is not there.
    #[serde(skip)]
    pub(crate) manager_missing: bool,
    /// What a set-up was about when it was interrupted: that is done again.
    #[serde(skip)]
    pub(crate) unfinished: Option<Kind>,
    /// apt's lists of sources besides the distribution's own.
    #[serde(skip)]
    pub(crate) lists: Vec<sources::List>,
    /// What a stage may write anew, as it is now.
    #[serde(skip)]
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The change that Docker's configuration needs; none when it already says what is wanted.
    #[serde(skip)]
    pub(crate) configuration: plan::Plan,
}

/// Looks at the machine. Nothing is changed and nothing is asked over the network.
///
/// # Errors
/// Docker's configuration cannot be read, or is not what Docker reads.
pub fn survey(host: &Host) -> Result<(Survey, Vec<Finding>)> {
    let distribution = Distribution::read(host);
    let installed = distribution.manager.and_then(|manager| packages::installed(host, manager));
    let found = docker::detect(host);
    let of = |kind| found.iter().find(|installation| installation.kind == kind);
    let system = system(&found);
    let Proposal { plan, findings, .. } = configuration(host, system.map(|system| system.config.as_str()))?;
    let names = installed.as_ref();
    let has = |name: &str| names.is_some_and(|names| names.contains(name));
    let user = user(host);
    let (user_id, home) = user.as_deref().and_then(|user| account(host, user)).unzip();
    let survey = Survey {
        driver: driver(host),
        desktop: of(InstallationKind::Desktop).map(|desktop| desktop.seen.clone()),
        desktop_package: names.is_none() || has("docker-desktop"),
        snap: of(InstallationKind::Snap).is_some(),
        engine: system.and_then(|system| system.program.clone()),
        unit: system.and_then(|system| Some(system.service.as_ref()?.unit.clone())),
        conflicting: conflicting(&distribution, names.unwrap_or(&BTreeSet::new())),
        packages_known: names.is_some(),
        toolkit: host.exists("/usr/bin/nvidia-container-runtime-hook") && host.exists("/usr/bin/longshore"),
        original: has("nvidia-container-toolkit"),
        troubles: if distribution.manager == Some(Manager::Apt) {
            sources::troubles(host)
        } else {
            Vec::new()
        },
        client: client(host)?,
        systemd: !host.is_live() || host.exists("/run/systemd/system"),
        systemctl: !host.is_live() || host.exists("/usr/bin/systemctl"),
        curl: host.exists("/usr/bin/curl"),
        docker_ce: has("docker-ce"),
        refresh_units: [REFRESH_WANTED, REFRESH].map(|path| host.lstat(path).ok().flatten().is_some())
            != [false, true],
        rootless: of(InstallationKind::Rootless).is_some(),
        manager_missing: host.is_live()
            && distribution.manager.is_some_and(|manager| !host.exists(packages::program(manager))),
        unfinished: None,
        lists: sources::lists(host),
        files: files(host),
        in_group: user.as_deref().is_some_and(|user| in_group(host, user)),
        user,
        home,
        user_id,
        configuration: plan,
        distribution,
    };
    Ok((survey, findings))
}

/// The daemon that `docker` without any option talks to: of several, the one of the usual unit, then that
/// of the usual socket.
pub(crate) fn system(found: &[Installation]) -> Option<&Installation> {
    let systems = || found.iter().filter(|installation| installation.kind == InstallationKind::System);
    let unit = |installation: &&Installation| {
        installation.service.as_ref().is_some_and(|service| service.unit == "docker.service")
    };
    let socket = |installation: &&Installation| {
        installation.socket.as_deref().is_some_and(|socket| socket.ends_with("/run/docker.sock"))
    };
    systems().find(unit).or_else(|| systems().find(socket)).or_else(|| systems().next())
}

fn configuration(host: &Host, config: Option<&str>) -> Result<Proposal> {
    let config = config.unwrap_or(docker::ENGINE.default_config);
    let files = Files { config, drop_in: "", dumped: None, release: None };
    let desired = Desired {
        runtime_name: "nvidia".to_owned(),
        runtime_path: docker::ENGINE.default_runtime_path.to_owned(),
        set_as_default: false,
        enable_cdi: false,
    };
    (docker::ENGINE.propose)(host, &files, &desired)
}

fn driver(host: &Host) -> Option<String> {
    // In WSL the driver is that of Windows, on a Jetson a part of its system: neither is to be installed.
    for (path, whose) in [("/dev/dxg", "of Windows (WSL)"), ("/etc/nv_tegra_release", "of Jetson Linux")] {
        if host.exists(path) {
            return Some(whose.to_owned());
        }
    }
    let text = host.read_text_optional("/proc/driver/nvidia/version").ok().flatten()?;
    formats::procfs::driver_version(&text)
}

fn conflicting(distribution: &Distribution, installed: &BTreeSet<String>) -> Vec<String> {
    // Without a repository of Docker's own, the distribution's packages are the ones to be used.
    let own = distribution.docker_repository.is_some();
    packages::CONFLICTING
        .iter()
        .filter(|name| installed.contains(**name) && (own || **name == packages::PODMAN_S))
        .map(|name| (*name).to_owned())
        .collect()
}

/// The unit that refreshes the CDI specification, as our packages bring it.
const REFRESH: &str = "/usr/lib/systemd/system/nvidia-cdi-refresh.path";

/// What says that a unit starts with the machine.
const REFRESH_WANTED: &str = "/etc/systemd/system/multi-user.target.wants/nvidia-cdi-refresh.path";

/// The lists and keys of repositories that a set-up may write.
const FILES: [&str; 10] = [
    crate::route::DOCKER_SOURCES,
    crate::route::DOCKER_KEY,
    "/etc/apt/sources.list.d/longshore.sources",
    "/etc/apt/keyrings/longshore.asc",
    "/etc/yum.repos.d/docker-ce.repo",
    "/etc/yum.repos.d/longshore.repo",
    "/etc/zypp/repos.d/longshore.repo",
    "/etc/pki/rpm-gpg/RPM-GPG-KEY-longshore",
    "/etc/pacman.conf",
    "/etc/apt/keyrings/longshore.gpg",
];

fn files(host: &Host) -> BTreeMap<String, Vec<u8>> {
    let read = |path: &str| Some((path.to_owned(), host.read_optional(path).ok()??));
    FILES.into_iter().filter_map(read).collect()
}

/// The Docker client's settings of the user who called.
pub(crate) fn client(host: &Host) -> Result<Client> {
    let caller = host.environment().get_nonempty("SUDO_USER").filter(|user| *user != "root");
    let account = caller.and_then(|user| account(host, user));
    Client::read(host, account.map(|(_, home)| home).as_deref())
}

/// The words that make a call one of the user who called `sudo`; none without it.
pub(crate) fn as_caller(host: &Host) -> Vec<String> {
    let user = host.environment().get_nonempty("SUDO_USER").filter(|user| *user != "root" && host.uid() == 0);
    let Some((user, (id, home))) = user.and_then(|user| Some((user, account(host, user)?))) else {
        return Vec::new();
    };
    let words = ["/usr/sbin/runuser", "--user", user, "--", "/usr/bin/env"].map(str::to_owned);
    let places = [format!("HOME={home}"), format!("XDG_RUNTIME_DIR=/run/user/{id}")];
    words.into_iter().chain(places).collect()
}

/// Number and home of a user, from `passwd(5)`: under sudo `HOME` is root's.
fn account(host: &Host, user: &str) -> Option<(u32, String)> {
    let text = host.read_text_optional("/etc/passwd").ok().flatten()?;
    let line = text.lines().find(|line| line.split(':').next() == Some(user))?;
    let home = line.split(':').nth(5).filter(|home| home.starts_with('/'))?;
    Some((line.split(':').nth(2)?.parse().ok()?, home.to_owned()))
}

/// Who called `sudo`, or who calls without it.
fn user(host: &Host) -> Option<String> {
    let environment = host.environment();
    let name = environment.get_nonempty("SUDO_USER").or_else(|| environment.get_nonempty("USER"))?;
    (name != "root").then(|| name.to_owned())
}

fn in_group(host: &Host, user: &str) -> bool {
    let text = host.read_text_optional("/etc/group").ok().flatten().unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("docker:")).unwrap_or_default();
    line.rsplit(':').next().is_some_and(|members| members.split(',').any(|member| member == user))
}
