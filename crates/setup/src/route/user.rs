//! What concerns the user who called: the client's settings, the group, Docker without root.

use super::{Kind, Stage, Wishes, known, run, stage, words};
use crate::packages;
use crate::{Manager, Survey, codes};
use diag::{Failure, Result};
use plan::Applicability;

/// The file holds logins, so neither it nor its changes are shown: a call of ours makes them.
pub(super) fn client(survey: &Survey) -> Option<Stage> {
    survey.client.repair()?;
    let effect = format!(
        "{} loses {}. {}",
        survey.client.path,
        survey.client.residue().join(" and "),
        logins(survey.client.logins)
    );
    let argv = as_user(survey, "/usr/bin/longshore setup --repair-client");
    let undo = as_user(survey, "/usr/bin/longshore setup --restore-client");
    let title = "repair the Docker client's settings";
    Some(stage(Kind::Client, title, Applicability::Safe, effect, vec![run(argv, Some(undo))]))
}

fn logins(count: usize) -> String {
    match count {
        0 => "It holds no login.".to_owned(),
        1 => "The login in it stays.".to_owned(),
        more => format!("The {more} logins in it stay."),
    }
}

/// A call made as the user, with the two variables that tell programs where the user's things are.
fn as_user(survey: &Survey, line: &str) -> Vec<String> {
    let line = words(line);
    let Some(user) = &survey.user else { return line };
    let mut argv = words(&format!("/usr/sbin/runuser --user {user} -- /usr/bin/env"));
    argv.extend(survey.home.iter().map(|home| format!("HOME={home}")));
    argv.extend(survey.user_id.iter().map(|id| format!("XDG_RUNTIME_DIR=/run/user/{id}")));
    argv.into_iter().chain(line).collect()
}

pub(super) fn group(survey: &Survey, wishes: &Wishes) -> Option<Stage> {
    let user = survey.user.as_deref().filter(|_| !survey.in_group && !wishes.rootless)?;
    let add = words(&format!("/usr/sbin/usermod --append --groups docker {user}"));
    let undo = words(&format!("/usr/bin/gpasswd --delete {user} docker"));
    let effect = format!(
        "{user} may use Docker without sudo from the next login on. Whoever may use Docker can become root of this machine."
    );
    let title = "add the user to the group docker";
    let steps = vec![run(add, Some(undo))];
    let mut stage = stage(Kind::Group, title, Applicability::Unsafe, effect, steps);
    stage.only_with = (!wishes.add_user).then_some("--add-user");
    Some(stage)
}

/// A daemon of the user's own. It may not touch the control groups of devices, which the toolkit sees by itself.
pub(super) fn rootless(survey: &Survey, wishes: &Wishes) -> Result<Option<Stage>> {
    if !wishes.rootless || survey.rootless {
        return Ok(None);
    }
    let bad = |what: &str| Failure::coded(codes::BAD_WISH, what.to_owned());
    let user = survey.user.as_deref().ok_or_else(|| {
        bad("nothing says whose Docker is to run without root").hint("call it with sudo as that user")
    })?;
    let (manager, docker_ce) = (known(survey)?, survey.docker_ce || wishes.docker_repository);
    let names: &[&str] = match manager {
        Manager::Apt if docker_ce => &["uidmap", "dbus-user-session", "docker-ce-rootless-extras"],
        Manager::Apt => &["uidmap", "dbus-user-session", "slirp4netns", "rootlesskit"],
        Manager::Dnf if docker_ce => &["shadow-utils", "docker-ce-rootless-extras"],
        Manager::Dnf => &["shadow-utils", "slirp4netns"],
        Manager::Zypper => &["docker-rootless-extras"],
        Manager::Pacman => return Err(bad("Arch Linux has no package for Docker without root")),
    };
    let tool = if docker_ce || manager != Manager::Apt {
        "/usr/bin/dockerd-rootless-setuptool.sh"
    } else {
        "/usr/share/docker.io/contrib/dockerd-rootless-setuptool.sh"
    };
    // Debian keeps Docker's programs for it out of `PATH`, and they look for each other there.
    let path =
        "PATH=/usr/share/docker.io/contrib:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let path = if tool.starts_with("/usr/share/") { format!("{path} ") } else { String::new() };
    let own = |line: &str| as_user(survey, &format!("{path}{line}"));
    let steps = vec![
        run(packages::install(manager, names), Some(packages::remove(manager, names))),
        run(
            words(&format!("/usr/bin/loginctl enable-linger {user}")),
            Some(words(&format!("/usr/bin/loginctl disable-linger {user}"))),
        ),
        run(own(&format!("{tool} install")), Some(own(&format!("{tool} uninstall")))),
        run(
            own("/usr/bin/nvidia-ctk runtime configure --runtime=docker --rootless --restart"),
            Some(own("/usr/bin/longshore setup --restore-rootless")),
        ),
    ];
    let effect = format!(
        "{user} has a Docker Engine of their own that runs without root, also while {user} is not logged in; its containers are no one \
         else's. Docker's own set-up program makes it, in the home of {user}."
    );
    let title = "set up Docker without root";
    Ok(Some(stage(Kind::Rootless, title, Applicability::Unsafe, effect, steps)))
}
