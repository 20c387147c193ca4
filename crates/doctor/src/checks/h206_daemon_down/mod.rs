//! H206: is a daemon installed and listening?

use crate::codes::DAEMON_DOWN;
use crate::facts::{Connection, Engine, Installed, SocketSeen};
use crate::{Facts, Remedy, serving};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let engine = match facts.engine.as_result() {
        Ok(engine) => engine,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    match &engine.connection {
        Connection::Accepted => Outcome::Fine(running(facts)),
        Connection::Denied => Outcome::Fine("something listens; this user may not ask".to_owned()),
        Connection::Absent | Connection::Refused | Connection::Failed(_) => {
            Outcome::Found(vec![down(engine, facts.installed.known())])
        }
    }
}

fn running(facts: &Facts) -> String {
    match facts.daemon.as_result() {
        Ok(daemon) => match &daemon.unit {
            Some(unit) => format!("{}, unit {unit}", serving::who(daemon)),
            None => serving::who(daemon),
        },
        Err(reason) => format!("it answers ({reason})"),
    }
}

fn down(engine: &Engine, installed: Option<&Installed>) -> Finding {
    let socket = &engine.socket;
    let message = match installed {
        Some(Installed { daemon: None, snap: false, .. }) => "Docker Engine is not installed".to_owned(),
        _ => format!("no Docker daemon listens on {socket}"),
    };
    let finding = Finding::new(DAEMON_DOWN, Severity::Error, message).evidence(match &engine.connection {
        Connection::Refused => format!("{socket} is left over: connecting to it is refused"),
        Connection::Failed(how) => format!("{socket}: {how}"),
        _ => format!("{socket} does not exist"),
    });
    match installed.and_then(|installed| installed.daemon.as_ref()) {
        Some(daemon) => finding.evidence(format!("{daemon} is installed")),
        None => finding.evidence("there is no dockerd in the usual directories"),
    }
}

fn is_folder(engine: &Engine) -> bool {
    matches!(&engine.connection, Connection::Failed(how) if how == "it is not a socket")
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let installed = facts.installed.known()?;
    let engine = facts.engine.known();
    if let Some(socket) = engine.filter(|engine| is_folder(engine)).map(|engine| &engine.socket) {
        let changes = "removes the empty folder that an engine made of a mount whose source was not there";
        return Some(
            Remedy::asking(format!("sudo rmdir {socket} && sudo systemctl restart docker"), changes)
                .as_root()
                .restarting("dockerd"),
        );
    }
    let elsewhere = facts.sockets.known().is_some_and(|sockets| sockets.iter().any(SocketSeen::is_live));
    if let Some(undo) = serving::undo_of_choice(facts).filter(|_| elsewhere) {
        return Some(Remedy::shown(undo, "the choice of a daemon: another one listens on this machine"));
    }
    let systemd = facts.machine.known().is_none_or(|machine| machine.systemd);
    Some(match (&installed.daemon, installed.snap) {
        (Some(_), _) if systemd => Remedy::asking(
            "sudo systemctl start docker",
            "starts the daemon; `journalctl -u docker -e` says why it stopped",
        )
        .as_root(),
        (Some(daemon), _) => {
            Remedy::asking(format!("sudo {daemon}"), "starts the daemon in this terminal").as_root()
        }
        (None, true) => Remedy::asking("sudo snap start docker", "starts the snap's daemon").as_root(),
        (None, false) => {
            Remedy::shown("install the package docker-ce or docker.io", "installs and starts the engine")
                .as_root()
        }
    })
}
