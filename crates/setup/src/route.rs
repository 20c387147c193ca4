//! From what there is to a verified GPU in a container, stage by stage. Nothing here is carried out.

mod engine;
mod repository;
mod toolkit;
mod user;

use crate::keys::Key;
use crate::packages;
use crate::render::capital;
use crate::sources::Trouble;
use crate::{Manager, Survey, codes};
use diag::{Failure, Result};
use plan::{Applicability, Plan, Step};
use serde::{Deserialize, Serialize};

pub(crate) use repository::{DOCKER_KEY, DOCKER_SOURCES};

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
    /// The key of a repository.
    Key,
    /// What apt's repositories have, read anew.
    Index,
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
    stages.extend(engine::desktop(&survey, wishes)?);
    stages.extend(engine::engine(&survey, wishes)?);
    stages.extend(toolkit::toolkit(&survey, wishes)?);
    stages.extend(toolkit::units(&survey));
    stages.extend(toolkit::configuration(&survey));
    stages.extend(user::client(&survey));
    stages.extend(user::group(&survey, wishes));
    stages.extend(user::rootless(&survey, wishes)?);
    let apt = survey.distribution.manager == Some(Manager::Apt);
    let first = stages.iter().position(|stage| apt && needs_packages(stage));
    if let Some(first) = first {
        stages.insert(first, index());
    }
    stages.push(verified());
    let before = driver(&survey).into_iter().chain(troubles(&survey));
    let stages = before.chain(stages).collect();
    Ok(Route { survey, stages })
}

/// Whether packages come with it, unless it is only shown.
fn needs_packages(stage: &Stage) -> bool {
    use Kind::{Conflicting, DockerRepository, Engine, Repository, Rootless, Toolkit};
    let kinds = [Conflicting, DockerRepository, Engine, Repository, Rootless, Toolkit];
    kinds.contains(&stage.kind) && stage.plan.applicability != Applicability::ShownOnly
}

/// The change of the Docker client's settings alone; `None` where there is nothing to repair.
#[must_use]
pub fn repair_client(survey: &Survey) -> Option<Plan> {
    survey.client.repair()
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
    let distribution = &survey.distribution;
    let (command, from) = match (distribution.manager, distribution.id.as_str()) {
        (Some(Manager::Apt), "pop") => ("/usr/bin/apt-get install system76-driver-nvidia", ""),
        (Some(Manager::Apt), _) if distribution.is_ubuntu() => ("/usr/bin/ubuntu-drivers install", ""),
        (Some(Manager::Apt), _) => {
            ("/usr/bin/apt-get install nvidia-driver", "Debian's components contrib and non-free")
        }
        (Some(Manager::Dnf), "fedora") => ("/usr/bin/dnf install akmod-nvidia", "the repository RPM Fusion"),
        (Some(Manager::Dnf), _) => ("/usr/bin/dnf install nvidia-open", "NVIDIA's repository for CUDA"),
        (Some(Manager::Zypper), _) => (
            "/usr/bin/zypper install nvidia-open-driver-G06-signed-kmp-default",
            "NVIDIA's repository for CUDA",
        ),
        (Some(Manager::Pacman), _) => ("/usr/bin/pacman --sync nvidia-open", ""),
        (None, _) => ("/usr/bin/modprobe nvidia", ""),
    };
    let from = if from.is_empty() { String::new() } else { format!(" This call needs {from}.") };
    let effect = format!(
        "No NVIDIA kernel module is loaded. Installing a driver is left to you: it changes the kernel, and needs a restart.{from} \
         All else can be set up before it; the check list at the end then says that there is no driver."
    );
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
    let paths: Vec<&str> = troubles.iter().map(|trouble| trouble.path.as_str()).collect();
    let (is, it) = if paths.len() == 1 { ("is", "it") } else { ("are", "them") };
    let effect = format!(
        "apt is stopped by this: {}. So {} {is} set aside, and apt works again; the undo brings {it} back.",
        why.join("; "),
        paths.join(", ")
    );
    stage(Kind::Lists, "repair apt's lists of sources", Applicability::Safe, effect, steps)
}

/// The stage that puts a key in place that its owner renewed.
pub(crate) fn key(key: &Key, why: &str, step: Step) -> Stage {
    let effect = format!(
        "{why}. {} has the same key as trusted so far, or the one that its owner is known by, in a form that apt takes. It comes \
         in place of {}; the undo brings the old one back.",
        key.url, key.path
    );
    stage(Kind::Key, "renew the key of a repository", Applicability::Safe, capital(&effect), vec![step])
}

/// What the lists cannot tell, apt says when it reads them.
fn index() -> Stage {
    let steps = packages::refresh(Manager::Apt).map(|argv| run(argv, None)).into_iter().collect();
    let effect = "apt learns which packages its repositories have now. No package changes. A repository that stops apt is shown next, \
                  with its repair.";
    stage(Kind::Index, "read apt's lists of packages anew", Applicability::Safe, effect, steps)
}

fn verified() -> Stage {
    let verify = run(words("/usr/bin/longshore setup --verify"), None);
    let effect = "Each point of the check list is tried. One container is started and removed again; nothing else changes.";
    stage(Kind::Verify, "verify", Applicability::Safe, effect, vec![verify])
}

fn known(survey: &Survey) -> Result<Manager> {
    let distribution = &survey.distribution;
    let name = if distribution.name.is_empty() { "this system" } else { distribution.name.as_str() };
    if let Some(way) = distribution.own_way {
        let message = format!("{name} takes no packages the usual way");
        return Err(Failure::coded(codes::OWN_WAY, message).hint(way));
    }
    let manager = distribution.manager.ok_or_else(|| {
        Failure::coded(codes::OWN_WAY, format!("the package manager of {name} is not known"))
            .hint("apt, dnf, zypper and pacman are; install the engine and the toolkit by hand, then `nvidia-ctk runtime configure`")
    })?;
    if survey.manager_missing {
        let program = packages::program(manager);
        let message = format!("{name} has no {program}");
        return Err(Failure::coded(codes::OWN_WAY, message)
            .hint("install the engine and the toolkit by hand, then `nvidia-ctk runtime configure`"));
    }
    Ok(manager)
}

/// The calls that read the lists of packages anew, where installing does not do that by itself; apt's are a
/// stage of their own.
fn refreshed(manager: Manager) -> Vec<Step> {
    if manager == Manager::Apt {
        return Vec::new();
    }
    packages::refresh(manager).map(|argv| run(argv, None)).into_iter().collect()
}

#[cfg(test)]
mod tests;
