//! From what there is to a verified GPU in a container, stage by stage. Nothing here is carried out.

use crate::packages::{self, DOCKER_CE};
use crate::{Manager, Survey};
use diag::{Failure, Result};
use plan::{Applicability, Plan, Step};

/// What the caller wishes beyond the least.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Take Docker Engine from Docker's own repository instead of the distribution's.
    pub docker_repository: bool,
    /// Remove Docker Desktop.
    pub remove_desktop: bool,
    /// Remove packages that Docker's own cannot stand beside.
    pub remove_conflicting: bool,
    /// Put the calling user into the group `docker`, which is as good as root.
    pub add_user: bool,
    /// A package file or name of this toolkit; empty: `longshore` from a repository that is set up.
    pub package: String,
}

/// One stage.
#[derive(Clone, Debug)]
pub struct Stage {
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
/// The distribution's package manager is not known, and something must be installed.
pub fn route(survey: Survey, wishes: &Wishes) -> Result<Route> {
    let mut stages = Vec::new();
    stages.extend(driver(&survey));
    stages.extend(troubles(&survey));
    stages.extend(desktop(&survey, wishes)?);
    stages.extend(engine(&survey, wishes)?);
    stages.extend(toolkit(&survey, wishes)?);
    stages.extend(configuration(&survey));
    stages.extend(client(&survey));
    stages.extend(group(&survey, wishes));
    stages.push(verified());
    Ok(Route { survey, stages })
}

fn stage(title: &str, applicability: Applicability, effect: impl Into<String>, steps: Vec<Step>) -> Stage {
    Stage {
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
    Some(stage("install a driver", Applicability::ShownOnly, effect, vec![run(words(command), None)]))
}

fn troubles(survey: &Survey) -> Option<Stage> {
    if survey.troubles.is_empty() {
        return None;
    }
    let why: Vec<&str> = survey.troubles.iter().map(|trouble| trouble.why.as_str()).collect();
    let steps = survey.troubles.iter().map(crate::sources::Trouble::step).collect();
    let effect = format!("apt works again. It is stopped by this: {}.", why.join("; "));
    Some(stage("repair apt's lists of sources", Applicability::Safe, effect, steps))
}

fn desktop(survey: &Survey, wishes: &Wishes) -> Result<Option<Stage>> {
    let Some(place) = &survey.desktop else { return Ok(None) };
    let manager = known(survey)?;
    let remove = packages::remove(manager, &["docker-desktop"]);
    let effect = format!(
        "Docker Desktop ({place}) is gone; its containers and images live in its virtual machine and go with it. Logins and \
         other settings of the client stay. It can stay installed: containers with GPUs then need `docker --context=default`."
    );
    let mut stage = stage("remove Docker Desktop", Applicability::Unsafe, effect, vec![run(remove, None)]);
    stage.only_with = (!wishes.remove_desktop).then_some("--remove-desktop");
    Ok(Some(stage))
}

fn engine(survey: &Survey, wishes: &Wishes) -> Result<Vec<Stage>> {
    if survey.engine.is_some() && !wishes.docker_repository {
        return Ok(Vec::new());
    }
    let manager = known(survey)?;
    let distribution = &survey.distribution;
    let mut stages = Vec::new();
    let repository = distribution.docker_repository.filter(|_| wishes.docker_repository);
    if let Some(repository) = repository {
        if !survey.conflicting.is_empty() {
            stages.push(conflicting(survey, wishes, manager));
        }
        stages.push(docker_repository(survey, manager, repository));
    }
    let names = if repository.is_some() {
        &DOCKER_CE
    } else {
        packages::docker_of_distribution(manager, &distribution.id)
    };
    let mut steps: Vec<Step> = packages::refresh(manager).map(|argv| run(argv, None)).into_iter().collect();
    steps.push(run(packages::install(manager, names), Some(packages::remove(manager, names))));
    steps.push(run(words("/usr/bin/systemctl enable --now docker.service"), None));
    let whose =
        if repository.is_some() { "Docker's own repository" } else { "the distribution's repository" };
    let effect = format!("Docker Engine from {whose} is installed and runs, now and after each boot.");
    stages.push(stage("install Docker Engine", Applicability::Unsafe, effect, steps));
    Ok(stages)
}

fn conflicting(survey: &Survey, wishes: &Wishes, manager: Manager) -> Stage {
    let names: Vec<&str> = survey.conflicting.iter().map(String::as_str).collect();
    let effect = format!(
        "Docker's own packages cannot stand beside {}. Running containers would stop, so this is refused while any run; images and \
         volumes below /var/lib/docker stay.",
        names.join(", ")
    );
    let step = run(packages::remove(manager, &names), Some(packages::install(manager, &names)));
    let mut stage = stage("remove packages that are in the way", Applicability::Unsafe, effect, vec![step]);
    stage.only_with = (!wishes.remove_conflicting).then_some("--remove-conflicting");
    stage
}

/// The repository as docs.docker.com describes it: its key in a file of its own, named by the list.
fn docker_repository(survey: &Survey, manager: Manager, repository: &str) -> Stage {
    let base = format!("https://download.docker.com/linux/{repository}");
    let steps = if manager == Manager::Apt {
        let codename = &survey.distribution.codename;
        let key = "/etc/apt/keyrings/docker.asc";
        let list =
            format!("Types: deb\nURIs: {base}\nSuites: {codename}\nComponents: stable\nSigned-By: {key}\n");
        vec![
            run(words("/usr/bin/install -m 0755 -d /etc/apt/keyrings"), None),
            run(
                words(&format!("/usr/bin/curl -fsSL --proto =https {base}/gpg -o {key}")),
                Some(words(&format!("/bin/rm -f {key}"))),
            ),
            write("/etc/apt/sources.list.d/docker.sources", list),
        ]
    } else {
        let list = format!(
            "[docker-ce-stable]\nname=Docker CE Stable\nbaseurl={base}/$releasever/$basearch/stable\nenabled=1\ngpgcheck=1\ngpgkey={base}/gpg\n"
        );
        vec![write("/etc/yum.repos.d/docker-ce.repo", list)]
    };
    let effect = "Packages can be installed from download.docker.com; each is checked against Docker's key.";
    stage("add Docker's repository", Applicability::Unsafe, effect, steps)
}

fn write(path: &str, text: String) -> Step {
    Step::Write { path: path.to_owned(), before: None, after: text.into_bytes(), mode: 0o644 }
}

fn toolkit(survey: &Survey, wishes: &Wishes) -> Result<Option<Stage>> {
    if survey.toolkit {
        return Ok(None);
    }
    let manager = known(survey)?;
    let package = if wishes.package.is_empty() { "longshore" } else { wishes.package.as_str() };
    let steps =
        vec![run(packages::install(manager, &[package]), Some(packages::remove(manager, &["longshore"])))];
    let instead = if survey.original {
        " It takes the place of nvidia-container-toolkit, whose settings it reads."
    } else {
        ""
    };
    let from = if wishes.package.is_empty() {
        " The package comes from a repository that you have set up; --package names a file instead."
    } else {
        ""
    };
    let effect = format!("The programs that give containers their GPU are in /usr/bin.{instead}{from}");
    Ok(Some(stage("install the toolkit", Applicability::Unsafe, effect, steps)))
}

/// The hook is looked for when the daemon starts, so a restart is needed whenever the toolkit is new.
fn configuration(survey: &Survey) -> Option<Stage> {
    let mut steps = survey.configuration.steps.clone();
    if steps.is_empty() && survey.toolkit {
        return None;
    }
    let unit = survey.unit.as_deref().unwrap_or("docker.service");
    let restart = words(&format!("/usr/bin/systemctl restart {unit}"));
    steps.push(Step::Settle { argv: restart.clone(), undo: restart });
    let effect = format!(
        "Docker knows the runtime nvidia, and `docker run --gpus` finds its hook. {unit} is restarted: without live-restore its \
         containers stop, and start again if their restart policy says so."
    );
    Some(stage(&survey.configuration.title, Applicability::Unsafe, effect, steps))
}

/// The file holds logins, so neither it nor its changes are shown: a call of ours makes them.
fn client(survey: &Survey) -> Option<Stage> {
    survey.client.repair()?;
    let effect = format!(
        "{} names no credential helper and no context that are gone. Logins in it stay: there are {}.",
        survey.client.path, survey.client.logins
    );
    let repair = words("/usr/bin/longshore setup --repair-client");
    let argv = match &survey.user {
        Some(user) => {
            words(&format!("/usr/sbin/runuser --user {user} --")).into_iter().chain(repair).collect()
        }
        None => repair,
    };
    Some(stage("repair the Docker client's settings", Applicability::Safe, effect, vec![run(argv, None)]))
}

/// The change of the Docker client's settings alone; `None` where there is nothing to repair.
#[must_use]
pub fn repair_client(survey: &Survey) -> Option<Plan> {
    let step = survey.client.repair()?;
    Some(Plan::new(format!("repair {}", survey.client.path), Applicability::Safe).step(step))
}

fn group(survey: &Survey, wishes: &Wishes) -> Option<Stage> {
    let user = survey.user.as_deref().filter(|_| !survey.in_group)?;
    let add = words(&format!("/usr/sbin/usermod --append --groups docker {user}"));
    let undo = words(&format!("/usr/bin/gpasswd --delete {user} docker"));
    let effect = format!(
        "{user} may use Docker without sudo from the next login on. Whoever may use Docker can become root of this machine."
    );
    let mut stage =
        stage("add the user to the group docker", Applicability::Unsafe, effect, vec![run(add, Some(undo))]);
    stage.only_with = (!wishes.add_user).then_some("--add-user");
    Some(stage)
}

fn verified() -> Stage {
    let verify = run(words("/usr/bin/longshore setup --verify"), None);
    stage(
        "verify",
        Applicability::Safe,
        "Nothing changes: each point of the check list is tried.",
        vec![verify],
    )
}

fn known(survey: &Survey) -> Result<Manager> {
    survey.distribution.manager.ok_or_else(|| {
        let name = if survey.distribution.name.is_empty() { "this system" } else { survey.distribution.name.as_str() };
        Failure::new(format!("the package manager of {name} is not known"))
            .hint("apt, dnf, zypper and pacman are; install the engine and the toolkit by hand, then `nvidia-ctk runtime configure`")
    })
}

#[cfg(test)]
mod tests;
