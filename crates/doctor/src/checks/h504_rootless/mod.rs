//! H504: does a rootless daemon read the configuration that was made for it?

use crate::codes::ROOTLESS;
use crate::facts::{Configuration, DaemonJson};
use crate::serving;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let Some(answer) = serving::answer(facts) else {
        return Outcome::CannotTell("the daemon did not answer".to_owned());
    };
    if !answer.rootless {
        return Outcome::DoesNotApply("the daemon is not rootless".to_owned());
    }
    let configuration = match facts.configuration.as_result() {
        Ok(configuration) => configuration,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let elsewhere = configuration
        .of_system
        .as_ref()
        .is_some_and(|file| wants_gpus(file) && !wants_gpus(&configuration.content));
    if !elsewhere {
        return Outcome::Fine(format!("reads {}", configuration.path));
    }
    Outcome::Found(vec![finding(configuration)])
}

fn wants_gpus(content: &DaemonJson) -> bool {
    match content {
        DaemonJson::Valid { runtimes, cdi, .. } => {
            runtimes.iter().any(|runtime| runtime.name == "nvidia") || *cdi == Some(true)
        }
        DaemonJson::Absent | DaemonJson::Broken { .. } => false,
    }
}

fn finding(configuration: &Configuration) -> Finding {
    let message = format!(
        "the rootless daemon reads {}; what was set up for GPUs stands in /etc/docker/daemon.json",
        configuration.path
    );
    Finding::new(ROOTLESS, Severity::Warning, message)
        .evidence("the daemon says that it is rootless")
        .evidence("/etc/docker/daemon.json has the runtime nvidia or CDI switched on, the daemon's own file has not")
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let path = facts.configuration.known()?.path.clone();
    let (restart, _) = serving::restart(facts);
    Some(
        Remedy::asking(
            format!(
                "nvidia-ctk runtime configure --runtime=docker --config={path} --cdi.enabled && {restart}"
            ),
            path.clone(),
        )
        .restarting("the rootless dockerd and its containers"),
    )
}
