//! H504: does the daemon read the file that was made for it? A rootless one has its own.

use crate::codes::ROOTLESS;
use crate::facts::{Configuration, DaemonJson, SocketSeen};
use crate::serving;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

const SYSTEM: &str = "/etc/docker/daemon.json";

pub(super) fn run(facts: &Facts) -> Outcome {
    let Some(answer) = serving::answer(facts) else {
        return Outcome::CannotTell("the daemon did not answer".to_owned());
    };
    let configuration = match facts.configuration.as_result() {
        Ok(configuration) => configuration,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let other = other(configuration, answer.rootless);
    match other.filter(|(_, content)| wants_gpus(content) && !wants_gpus(&configuration.content)) {
        Some((path, _)) => Outcome::Found(vec![finding(facts, configuration, path, answer.rootless)]),
        None if answer.rootless => Outcome::Fine(format!("reads {}", configuration.path)),
        None => Outcome::DoesNotApply("the daemon is not rootless".to_owned()),
    }
}

/// The file that a daemon of the other kind reads.
fn other(configuration: &Configuration, rootless: bool) -> Option<(&str, &DaemonJson)> {
    if rootless {
        return Some((SYSTEM, configuration.of_system.as_ref()?));
    }
    let of_user = configuration.of_user.as_ref()?;
    Some((of_user.path.as_str(), &of_user.content))
}

fn wants_gpus(content: &DaemonJson) -> bool {
    match content {
        DaemonJson::Valid { runtimes, cdi, .. } => {
            runtimes.iter().any(|runtime| runtime.name == "nvidia") || *cdi == Some(true)
        }
        DaemonJson::Absent | DaemonJson::Broken { .. } => false,
    }
}

fn finding(facts: &Facts, configuration: &Configuration, other: &str, rootless: bool) -> Finding {
    let own = &configuration.path;
    let (kind, reader) = if rootless { ("rootless", "rootful") } else { ("rootful", "rootless") };
    let message = format!(
        "this {kind} daemon reads {own}; what was set up for GPUs stands in {other}, for a {reader} one"
    );
    // Where the other daemon is there as well, its file may be meant for it.
    let severity = if !rootless && has_other_daemon(facts) { Severity::Note } else { Severity::Warning };
    Finding::new(ROOTLESS, severity, message)
        .evidence(format!("the daemon says that it is {kind}"))
        .evidence(format!("{other} has the runtime nvidia or CDI switched on, {own} has not"))
        .help("`--runtime=nvidia` and, before Docker 28.2, `--device nvidia.com/gpu=all` need it")
}

fn has_other_daemon(facts: &Facts) -> bool {
    facts.sockets.known().is_none_or(|sockets| sockets.iter().any(SocketSeen::is_live))
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let path = facts.configuration.known()?.path.clone();
    let (restart, needs_root) = serving::restart(facts);
    let sudo = if needs_root { "sudo " } else { "" };
    let command = format!(
        "{sudo}nvidia-ctk runtime configure --runtime=docker --config={path} --cdi.enabled && {restart}"
    );
    let remedy = Remedy::asking(command, path).restarting("dockerd and its containers");
    Some(if needs_root { remedy.as_root() } else { remedy })
}
