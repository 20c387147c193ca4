//! This toolkit, its units, and the engine's knowledge of it.

use super::{Kind, Stage, Wishes, known, refreshed, repository, run, stage, words};
use crate::packages;
use crate::{Manager, Survey, codes};
use diag::{Failure, Result};
use plan::{Applicability, Step};

pub(super) fn toolkit(survey: &Survey, wishes: &Wishes) -> Result<Vec<Stage>> {
    if survey.toolkit && survey.unfinished != Some(Kind::Toolkit) {
        return Ok(Vec::new());
    }
    let manager = known(survey)?;
    let file = wishes.package.contains('/');
    if !wishes.toolkit_version.is_empty() && (file || manager == Manager::Pacman) {
        return Err(Failure::coded(codes::BAD_WISH, "a package file has its own version")
            .hint("leave out --toolkit-version"));
    }
    let mut stages: Vec<Stage> = repository::own(survey, wishes, manager)?.into_iter().collect();
    let name = if wishes.package.is_empty() { "longshore" } else { wishes.package.as_str() };
    let package = packages::pinned(manager, name, &wishes.toolkit_version);
    let mut steps = if wishes.repository.is_empty() { Vec::new() } else { refreshed(manager) };
    let remove = packages::remove(manager, &["longshore"]);
    steps.push(run(packages::install(manager, &[&package]), Some(remove)));
    let instead = if survey.original {
        " It takes the place of nvidia-container-toolkit, whose settings it reads."
    } else {
        ""
    };
    let from = if wishes.package.is_empty() && wishes.repository.is_empty() {
        " The package comes from a repository that you have set up; --package names a file instead, --repository another \
         repository."
    } else {
        ""
    };
    let effect = format!("The programs that give containers their GPU are in /usr/bin.{instead}{from}");
    stages.push(stage(Kind::Toolkit, "install the toolkit", Applicability::Unsafe, effect, steps));
    Ok(stages)
}

/// The packages switch the units on; this is for machines where somebody switched them off, or that came
/// to the toolkit another way.
pub(super) fn units(survey: &Survey) -> Option<Stage> {
    if !survey.toolkit || survey.refresh_units {
        return None;
    }
    let now = if survey.systemd { "--now " } else { "" };
    let enable = format!("enable {now}nvidia-cdi-refresh.path nvidia-cdi-refresh.service");
    let disable = format!("disable {now}nvidia-cdi-refresh.path nvidia-cdi-refresh.service");
    let step = run(
        words(&format!("/usr/bin/systemctl {enable}")),
        Some(words(&format!("/usr/bin/systemctl {disable}"))),
    );
    let effect = "The list of this machine's GPUs that container engines read (the CDI specification in /run/cdi) is made anew after each boot and \
                  whenever the driver changes.";
    let title = "switch the refresh units on";
    Some(stage(Kind::Units, title, Applicability::Unsafe, effect, vec![step]))
}

/// The hook is looked for when the daemon starts, so a restart is needed whenever the toolkit is new.
pub(super) fn configuration(survey: &Survey) -> Option<Stage> {
    let mut steps = survey.configuration.steps.clone();
    if steps.is_empty() && survey.toolkit && survey.unfinished != Some(Kind::Configuration) {
        return None;
    }
    let unit = survey.unit.as_deref().unwrap_or("docker.service");
    let mut effect =
        "Docker knows the toolkit: `docker run --gpus` and `--runtime=nvidia` give a container the GPU."
            .to_owned();
    if survey.systemd {
        let restart = words(&format!("/usr/bin/systemctl restart {unit}"));
        steps.push(Step::Settle { argv: restart.clone(), undo: restart });
        effect.push_str(&format!(
            " {unit} is restarted for it; while containers run that a restart would stop, this is refused."
        ));
    } else {
        effect.push_str(" No systemd runs here: restart dockerd yourself.");
    }
    if steps.is_empty() {
        return None;
    }
    Some(stage(Kind::Configuration, &survey.configuration.title, Applicability::Unsafe, effect, steps))
}
