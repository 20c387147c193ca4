//! From what there is to a verified GPU in a container, stage by stage. Nothing here is carried out.

mod engine;
mod repository;
mod toolkit;
mod user;

use crate::packages;
use crate::sources::Trouble;
use crate::{Manager, Survey};
use diag::{Failure, Result};
use plan::{Applicability, Plan, Step};
use serde::{Deserialize, Serialize};

pub(crate) use repository::DOCKER_SOURCES;

/// What the caller wishes beyond the least.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Take Docker Engine from Docker's own repository instead of the distribution's.
    pub docker_repository: bool,
    /// Another place of Docker's repository: an address or `file:` URL that stands for
    /// `https://download.docker.com/linux`; empty: that one.
    pub docker_mirror: String,
    /// The channel of Docker's repository: `stable` where it is empty; `test` has what is experimental.
    pub channel: String,
    /// The version of Docker Engine, as the package manager writes it; empty: the newest.
    pub docker_version: String,
    /// Remove Docker Desktop.
    pub remove_desktop: bool,
    /// Remove packages that Docker's own cannot stand beside.
    pub remove_conflicting: bool,
    /// Put the calling user into the group `docker`, which is as good as root.
    pub add_user: bool,
    /// Set up a Docker Engine of the calling user that runs without root.
    pub rootless: bool,
    /// Restart Docker even if that stops containers.
    pub stop_containers: bool,
    /// A package file or name of this toolkit; empty: `longshore` from a repository that is set up.
    pub package: String,
    /// The version of this toolkit, as the package manager writes it; empty: the newest.
    pub toolkit_version: String,
    /// The repository that has this toolkit; empty: one that is set up already.
    pub repository: String,
    /// The key that signs it, with the name of its file.
    pub repository_key: Option<(String, Vec<u8>)>,
}

/// What a stage is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The kernel's driver.
    Driver,
    /// Lists of package sources that stop the package manager.
    Lists,
    /// Docker Desktop.
    Desktop,
    /// Packages that are in the way.
    Conflicting,
    /// Docker's repository.
    DockerRepository,
    /// Docker Engine.
    Engine,
    /// The repository of this toolkit.
    Repository,
    /// This toolkit.
    Toolkit,
    /// The units that refresh the CDI specification.
    Units,
    /// The engine's configuration.
    Configuration,
    /// The Docker client's settings.
    Client,
    /// The group `docker`.
    Group,
    /// Docker without root.
    Rootless,
    /// The check list.
    Verify,
}

/// One stage.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What it is about.
    pub kind: Kind,
    /// What it is for, and its steps.
    pub plan: Plan,
    /// What is different afterwards, in one or two sentences.
    pub effect: String,
    /// Whether it is left out unless the caller asks for it, and how that is asked.
    pub only_with: Option<&'static str>,
}

/// All stages in their order; those that need nothing are left out.
#[derive(Clone, Debug)]
pub struct Route {
    /// What there is.
    pub survey: Survey,
    /// What is to be done.
    pub stages: Vec<Stage>,
}

/// The stages that lead from this state to a verified GPU in a container.
///
/// # Errors
/// The distribution's package manager is not known, and something must be installed; or a wish cannot be
/// fulfilled by it.
pub fn route(survey: Survey, wishes: &Wishes) -> Result<Route> {
    let mut stages = Vec::new();
    stages.extend(driver(&survey));
    stages.extend(troubles(&survey));
    stages.extend(engine::desktop(&survey, wishes)?);
    stages.extend(engine::engine(&survey, wishes)?);
    stages.extend(toolkit::toolkit(&survey, wishes)?);
    stages.extend(toolkit::units(&survey));
    stages.extend(toolkit::configuration(&survey));
    stages.extend(user::client(&survey));
    stages.extend(user::group(&survey, wishes));
    stages.extend(user::rootless(&survey, wishes)?);
    stages.push(verified());
    Ok(Route { survey, stages })
}

/// The change of the Docker client's settings alone; `None` where there is nothing to repair.
#[must_use]
pub fn repair_client(survey: &Survey) -> Option<Plan> {
    let step = survey.client.repair()?;
    Some(Plan::new(format!("repair {}", survey.client.path), Applicability::Safe).step(step))
}

fn stage(
    kind: Kind,
    title: &str,
    applicability: Applicability,
    effect: impl Into<String>,
    steps: Vec<Step>,
) -> Stage {
    Stage {
        kind,
        plan: Plan { title: title.to_owned(), applicability, steps },
        effect: effect.into(),
        only_with: None,
    }
}

fn run(argv: Vec<String>, undo: Option<Vec<String>>) -> Step {
    Step::Run { argv, undo }
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// A file with this text; no step where it is so already.
fn write(survey: &Survey, path: &str, bytes: Vec<u8>) -> Option<Step> {
    let before = survey.files.get(path).cloned();
    let needed = before.as_ref() != Some(&bytes);
    needed.then(|| Step::Write { path: path.to_owned(), before, after: bytes, mode: 0o644 })
}

/// The kernel's part is never installed from here: a wrong choice leaves a machine without a screen.
fn driver(survey: &Survey) -> Option<Stage> {
    if survey.driver.is_some() {
        return None;
    }
    let command = match (survey.distribution.manager, survey.distribution.id.as_str()) {
        (Some(Manager::Apt), "ubuntu") => "/usr/bin/ubuntu-drivers install",
        (Some(Manager::Apt), _) => "/usr/bin/apt-get install nvidia-driver",
        (Some(Manager::Dnf), "fedora") => "/usr/bin/dnf install akmod-nvidia",
        (Some(Manager::Dnf), _) => "/usr/bin/dnf module install nvidia-driver:open-dkms",
        (Some(Manager::Zypper), _) => "/usr/bin/zypper install nvidia-open-driver-G06-signed-kmp-default",
        (Some(Manager::Pacman), _) => "/usr/bin/pacman --sync nvidia-open",
        (None, _) => "/usr/bin/modprobe nvidia",
    };
    let effect = "No NVIDIA kernel module is loaded. Installing a driver is left to you: it changes the kernel, and needs a restart.";
    let steps = vec![run(words(command), None)];
    Some(stage(Kind::Driver, "install a driver", Applicability::ShownOnly, effect, steps))
}

fn troubles(survey: &Survey) -> Option<Stage> {
    (!survey.troubles.is_empty()).then(|| lists(&survey.troubles))
}

/// The stage that takes away the lists that stop apt.
pub(crate) fn lists(troubles: &[Trouble]) -> Stage {
    let why: Vec<&str> = troubles.iter().map(|trouble| trouble.why.as_str()).collect();
    let steps = troubles.iter().map(Trouble::step).collect();
    let effect = format!("apt works again. It is stopped by this: {}.", why.join("; "));
    stage(Kind::Lists, "repair apt's lists of sources", Applicability::Safe, effect, steps)
}

fn verified() -> Stage {
    let verify = run(words("/usr/bin/longshore setup --verify"), None);
    let effect = "Each point of the check list is tried. One container is started and removed again; nothing else changes.";
    stage(Kind::Verify, "verify", Applicability::Safe, effect, vec![verify])
}

fn known(survey: &Survey) -> Result<Manager> {
    survey.distribution.manager.ok_or_else(|| {
        let name = if survey.distribution.name.is_empty() { "this system" } else { survey.distribution.name.as_str() };
        Failure::new(format!("the package manager of {name} is not known"))
            .hint("apt, dnf, zypper and pacman are; install the engine and the toolkit by hand, then `nvidia-ctk runtime configure`")
    })
}

/// The calls that read the lists of packages anew, where installing does not do that by itself.
fn refreshed(manager: Manager) -> Vec<Step> {
    packages::refresh(manager).map(|argv| run(argv, None)).into_iter().collect()
}

#[cfg(test)]
mod tests;
