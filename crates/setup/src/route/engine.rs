//! Docker Desktop out of the way, Docker Engine in its place.

use super::{Kind, Stage, Wishes, known, refreshed, repository, run, stage, words};
use crate::packages::{self, DOCKER_CE};
use crate::{Manager, Survey, codes};
use diag::{Failure, Result};
use plan::Applicability;

pub(super) fn desktop(survey: &Survey, wishes: &Wishes) -> Result<Option<Stage>> {
    let Some(place) = survey.desktop.as_ref().filter(|_| survey.desktop_package) else { return Ok(None) };
    let manager = known(survey)?;
    let remove = packages::remove(manager, &["docker-desktop"]);
    let effect = format!(
        "Docker Desktop ({place}) is gone; its containers and images live in its virtual machine and go with it. Logins and \
         other settings of the client stay. It can also stay installed: containers with GPUs then need `docker --context=default`. \
         Its package came as a file, most likely: keep that file if you may want to go back."
    );
    let steps = vec![run(remove, None)];
    let mut stage = stage(Kind::Desktop, "remove Docker Desktop", Applicability::Unsafe, effect, steps);
    stage.only_with = (!wishes.remove_desktop).then_some("--remove-desktop");
    Ok(Some(stage))
}

pub(super) fn engine(survey: &Survey, wishes: &Wishes) -> Result<Vec<Stage>> {
    let unfinished = survey.unfinished == Some(Kind::Engine);
    let distribution = &survey.distribution;
    // Red Hat's systems have no Docker Engine of their own.
    let none_else = distribution.manager == Some(Manager::Dnf) && distribution.id != "fedora";
    let wanted = wishes.docker_repository || (none_else && survey.engine.is_none());
    let there = if wishes.docker_repository { survey.docker_ce } else { survey.engine.is_some() };
    if there && !unfinished {
        return Ok(Vec::new());
    }
    let manager = known(survey)?;
    let mut stages: Vec<Stage> = snap(survey).into_iter().collect();
    let repository = distribution.docker_repository.filter(|_| wanted);
    if wishes.docker_repository && repository.is_none() {
        return Err(Failure::coded(
            codes::BAD_WISH,
            format!("Docker has no repository for {}", distribution.name),
        )
        .hint("leave out --docker-repository: the distribution has Docker Engine"));
    }
    let conflicting = of_these(survey, repository.is_some());
    if !conflicting.is_empty() {
        stages.push(in_the_way(&conflicting, wishes, manager));
    }
    if let Some(repository) = repository {
        stages.extend(repository::docker(survey, wishes, manager, repository)?);
    }
    stages.push(install(survey, wishes, manager, repository.is_some())?);
    Ok(stages)
}

/// A snap is not removed from here: its data go with it.
fn snap(survey: &Survey) -> Option<Stage> {
    if !survey.snap {
        return None;
    }
    let effect = "Docker is here as a snap, which does not see the driver's libraries and wants the same socket as Docker Engine. \
                  Removing it is left to you: its containers and images go with it.";
    let steps = vec![run(words("/usr/bin/snap remove docker"), None)];
    Some(stage(Kind::Desktop, "remove the snap of Docker", Applicability::ShownOnly, effect, steps))
}

fn install(survey: &Survey, wishes: &Wishes, manager: Manager, own: bool) -> Result<Stage> {
    let distribution = &survey.distribution;
    let names = if own { &DOCKER_CE } else { packages::docker_of_distribution(distribution) };
    if manager == Manager::Pacman && !wishes.docker_version.is_empty() {
        return Err(Failure::coded(codes::BAD_WISH, "pacman installs no version of choice")
            .hint("leave out --docker-version, or install a package file by hand first"));
    }
    // The plugins and containerd have versions of their own.
    let pinned = |name: &&str| {
        let engine = name.starts_with("docker-ce") || !name.contains("plugin") && *name != "containerd.io";
        packages::pinned(manager, name, if engine { &wishes.docker_version } else { "" })
    };
    let chosen: Vec<String> = names.iter().map(pinned).collect();
    let chosen: Vec<&str> = chosen.iter().map(String::as_str).collect();
    let mut steps = refreshed(manager);
    steps.push(run(packages::install_beside(manager, &chosen), Some(packages::remove(manager, names))));
    if survey.systemctl {
        let disable = words("/usr/bin/systemctl disable docker.service");
        steps.push(run(words("/usr/bin/systemctl enable docker.service"), Some(disable)));
    }
    if survey.systemd {
        steps.push(run(words("/usr/bin/systemctl start docker.service"), None));
    }
    let whose = if own { "Docker's own repository" } else { "the distribution's repository" };
    let runs = if survey.systemd {
        " and runs, now and after each boot."
    } else {
        ". No systemd runs here, so starting it is left to you: `service docker start` where there is an init, else `dockerd`."
    };
    let effect = format!("Docker Engine from {whose} is installed{runs}");
    Ok(stage(Kind::Engine, "install Docker Engine", Applicability::Unsafe, effect, steps))
}

/// Packages that Docker Engine of this origin cannot stand beside.
fn of_these(survey: &Survey, own: bool) -> Vec<&str> {
    let in_the_way = |name: &&str| own || *name == packages::PODMAN_S;
    survey.conflicting.iter().map(String::as_str).filter(in_the_way).collect()
}

fn in_the_way(names: &[&str], wishes: &Wishes, manager: Manager) -> Stage {
    let effect = format!(
        "Docker Engine cannot be installed beside {}. Running containers would stop, so this is refused while any run; images and \
         volumes below /var/lib/docker stay.",
        names.join(", ")
    );
    let step = run(packages::remove(manager, names), Some(packages::install(manager, names)));
    let title = "remove packages that are in the way";
    let mut stage = stage(Kind::Conflicting, title, Applicability::Unsafe, effect, vec![step]);
    stage.only_with = (!wishes.remove_conflicting).then_some("--remove-conflicting");
    stage
}
