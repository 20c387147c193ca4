//! What the facts say about the daemon's search for the programs that serve `--gpus`.

use crate::facts::{
    Answer, CDI_HOOK, Connection, Daemon, EngineKind, Facts, HOOK, Platform, Program, Source, Toolkit,
    Transport,
};
use crate::specifications;

/// Where the daemon that the client talks to is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On this machine, as far as can be told.
    Here,
    /// In the virtual machine of Docker Desktop.
    Desktop,
    /// On another machine, at this address.
    Elsewhere(String),
    /// It is no Docker but Podman behind the same API.
    Podman,
    /// Nowhere: the context does not exist.
    Nowhere,
}

impl Place {
    /// Why what can be seen on this machine says nothing about that daemon; `None` for [`Place::Here`].
    pub(crate) fn why_not_here(&self) -> Option<String> {
        match self {
            Self::Here => None,
            Self::Desktop => Some("the daemon is in the virtual machine of Docker Desktop".to_owned()),
            Self::Elsewhere(address) => Some(format!("the daemon is at {address}")),
            Self::Podman => Some("the daemon is Podman, which serves `--gpus` from CDI".to_owned()),
            Self::Nowhere => Some("the client's context leads nowhere".to_owned()),
        }
    }
}

/// Where the daemon is.
pub(crate) fn place(facts: &Facts) -> Place {
    match facts.client.known().map(|client| &client.endpoint.transport) {
        Some(Transport::Network(address)) => Place::Elsewhere(address.clone()),
        Some(Transport::NoSuchContext) => Place::Nowhere,
        Some(Transport::Unix(socket)) if socket.contains("/.docker/desktop/") => desktop(facts),
        _ => match answer(facts) {
            Some(answer) if answer.podman => Place::Podman,
            Some(answer) if is_desktop(answer) => desktop(facts),
            _ => Place::Here,
        },
    }
}

/// On WSL2 Docker Desktop's machine is a neighbour with the same GPU: there it does work.
fn desktop(facts: &Facts) -> Place {
    let wsl = facts.machine.known().is_some_and(|machine| machine.platform == Platform::Wsl2);
    if wsl { Place::Here } else { Place::Desktop }
}

fn is_desktop(answer: &Answer) -> bool {
    answer.operating_system.contains("Docker Desktop") || answer.kernel.contains("linuxkit")
}

/// What the daemon answered.
pub(crate) fn answer(facts: &Facts) -> Option<&Answer> {
    facts.engine.known()?.answer.known()
}

/// The version of runc that the daemon names.
pub(crate) fn runc(facts: &Facts) -> Option<&str> {
    answer(facts)?.runc.as_deref()
}

/// Whether the engine that is asked about runs as an ordinary user.
pub(crate) fn is_rootless(facts: &Facts) -> bool {
    match facts.question.engine {
        EngineKind::Docker => answer(facts).is_some_and(|answer| answer.rootless),
        EngineKind::Podman => facts.caller.known().is_some_and(|caller| !caller.is_root()),
        EngineKind::Containerd | EngineKind::Crio => false,
    }
}

/// Whether `--gpus` goes by way of the prestart hook: always before Docker 29.2, and after it when
/// there is no CDI specification to serve it from.
pub(crate) fn served_by_hook(facts: &Facts) -> bool {
    let specified = facts.specifications.known().is_some_and(|seen| {
        specifications::valid(&seen.files).any(|(_, spec)| spec.kind == "nvidia.com/gpu")
    });
    !(specifications::is_by_cdi(facts) && specified)
}

/// Whether somebody accepted a connection.
pub(crate) fn is_up(facts: &Facts) -> bool {
    facts.engine.known().is_some_and(|engine| engine.connection == Connection::Accepted)
}

/// The names that this daemon looks for. Docker 29.2 came with a second one; of a daemon that does not
/// tell its version only the one that all know counts.
pub(crate) fn names(facts: &Facts) -> &'static [&'static str] {
    match answer(facts).and_then(|answer| version(&answer.version)) {
        Some(version) if version >= (29, 2) => &[CDI_HOOK, HOOK],
        _ => &[HOOK],
    }
}

/// Major and minor of `26.1.5+dfsg1`.
pub(crate) fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The programs with these names that can be executed, wherever they are.
pub(crate) fn anywhere<'a>(facts: &Facts, toolkit: &'a Toolkit) -> Vec<&'a Program> {
    let names = names(facts);
    toolkit
        .programs
        .iter()
        .filter(|program| program.executable && names.contains(&program.name.as_str()))
        .collect()
}

/// Of those, the ones in the daemon's `PATH`; `None` when that is not known.
pub(crate) fn in_path<'a>(facts: &Facts, toolkit: &'a Toolkit) -> Option<Vec<&'a Program>> {
    let path = facts.daemon.known()?.path.known()?;
    Some(anywhere(facts, toolkit).into_iter().filter(|program| path.contains(&program.directory)).collect())
}

/// `dockerd (pid 412)`.
pub(crate) fn who(daemon: &Daemon) -> String {
    format!("dockerd (pid {})", daemon.pid)
}

/// What takes back a choice of a daemon that a variable or a context made; `None`: it is the default, or named
/// in this very call.
pub(crate) fn undo_of_choice(facts: &Facts) -> Option<&'static str> {
    match facts.client.known()?.endpoint.source {
        Source::DockerHost => Some("unset DOCKER_HOST"),
        Source::DockerContext => Some("unset DOCKER_CONTEXT"),
        Source::CurrentContext => Some("docker context use default"),
        Source::SocketOption | Source::ContextOption | Source::Default => None,
    }
}

/// How to restart the daemon: a command, and whether it needs root.
pub(crate) fn restart(facts: &Facts) -> (String, bool) {
    let Some(daemon) = facts.daemon.known() else {
        return ("sudo systemctl restart docker".to_owned(), true);
    };
    let rootless = answer(facts).is_some_and(|answer| answer.rootless);
    let snap = daemon.program.known().is_some_and(|program| program.starts_with("/snap/"));
    match (&daemon.unit, rootless, snap) {
        (_, _, true) => ("sudo snap restart docker".to_owned(), true),
        (Some(unit), true, _) => (format!("systemctl --user restart {unit}"), false),
        (Some(unit), false, _) => (format!("sudo systemctl restart {unit}"), true),
        (None, _, _) => {
            (format!("kill {} and start dockerd again as it was started", daemon.pid), daemon.uid == 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_distributions_compare() {
        assert_eq!(version("26.1.5+dfsg1"), Some((26, 1)));
        assert_eq!(version("29.2.0-rc.1"), Some((29, 2)));
        assert_eq!(version("18.09.1"), Some((18, 9)));
        assert_eq!(version("dev"), None);
        assert_eq!(version(""), None);
    }
}
