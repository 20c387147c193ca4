//! What there is before anything is planned.

use crate::client::Client;
use crate::distribution::Distribution;
use crate::sources::{self, Trouble};
use crate::{Manager, packages};
use diag::{Finding, Result};
use engines::{Desired, Files, InstallationKind, Proposal, docker};
use host::Host;
use serde::Serialize;
use std::collections::BTreeSet;

/// The state of a machine, as far as the way to a GPU in a container is concerned.
#[derive(Clone, Debug, Serialize)]
pub struct Survey {
    /// The distribution.
    pub distribution: Distribution,
    /// The version of the loaded kernel module; `None` when it is not loaded.
    pub driver: Option<String>,
    /// Where Docker Desktop shows itself.
    pub desktop: Option<String>,
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
    /// Whether that user is in the group `docker`.
    pub in_group: bool,
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
    let system = of(InstallationKind::System);
    let Proposal { plan, findings, .. } = configuration(host, system.map(|system| system.config.as_str()))?;
    let names = installed.as_ref();
    let has = |name: &str| names.is_some_and(|names| names.contains(name));
    let user = user(host);
    let survey = Survey {
        driver: driver(host),
        desktop: of(InstallationKind::Desktop).map(|desktop| desktop.seen.clone()),
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
        client: Client::read(host)?,
        in_group: user.as_deref().is_some_and(|user| in_group(host, user)),
        user,
        configuration: plan,
        distribution,
    };
    Ok((survey, findings))
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
    let text = host.read_text_optional("/proc/driver/nvidia/version").ok().flatten()?;
    formats::procfs::driver_version(&text)
}

fn conflicting(distribution: &Distribution, installed: &BTreeSet<String>) -> Vec<String> {
    // Without a repository of Docker's own, the distribution's packages are the ones to be used.
    if distribution.docker_repository.is_none() {
        return Vec::new();
    }
    packages::CONFLICTING
        .iter()
        .filter(|name| installed.contains(**name))
        .map(|name| (*name).to_owned())
        .collect()
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
