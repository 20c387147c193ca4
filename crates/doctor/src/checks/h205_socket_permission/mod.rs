//! H205: may this user open the daemon's socket?

use crate::codes::SOCKET_PERMISSION;
use crate::facts::{Caller, Connection, Engine};
use crate::{Facts, Remedy, serving};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let engine = match facts.engine.as_result() {
        Ok(engine) => engine,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    match engine.connection {
        Connection::Denied => Outcome::Found(vec![denied(engine, facts.caller.known())]),
        Connection::Accepted => Outcome::Fine(format!("{} may be opened by this user", engine.socket)),
        _ => Outcome::DoesNotApply(format!("nothing listens on {}", engine.socket)),
    }
}

fn denied(engine: &Engine, caller: Option<&Caller>) -> Finding {
    let user = caller.and_then(|caller| caller.name.as_deref()).unwrap_or("this user");
    let message = match caller {
        Some(caller) if caller.listed_in_docker => {
            format!("`{user}` is in the group `docker`, but this session was begun before that")
        }
        _ => format!("`{user}` may not open {}", engine.socket),
    };
    let mut finding = Finding::new(SOCKET_PERMISSION, Severity::Error, message);
    if let Some(file) = engine.file {
        finding = finding.evidence(format!(
            "{} belongs to {}:{}, mode {:o}",
            engine.socket, file.uid, file.gid, file.mode
        ));
    }
    match caller {
        Some(caller) => {
            finding.evidence(format!("this process is {} in groups {:?}", caller.uid, caller.groups))
        }
        None => finding,
    }
}

/// A socket that is not the group's, chosen by a variable or a context: membership would not help.
fn other_socket(facts: &Facts, caller: &Caller) -> Option<&'static str> {
    let engine = facts.engine.known()?;
    if engine.file.is_some_and(|file| file.uid == 0 || Some(file.gid) == caller.docker_gid) {
        return None;
    }
    serving::undo_of_choice(facts)
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let caller = facts.caller.known()?;
    if let Some(undo) = other_socket(facts, caller) {
        return Some(Remedy::shown(undo, "the choice of a daemon: this socket is another user's"));
    }
    let user = caller.name.as_deref().unwrap_or("$USER");
    Some(match (caller.listed_in_docker, caller.docker_gid) {
        (true, _) => Remedy::shown("newgrp docker", "this shell's groups; other sessions need a new login"),
        (false, Some(_)) => Remedy::shown(
            format!("sudo usermod -aG docker {user}, then log in again"),
            "gives that user control of the daemon, which is as much as root",
        )
        .as_root(),
        (false, None) => Remedy::shown(
            "sudo docker ...",
            "nothing: there is no group `docker`, so only root may use this daemon",
        )
        .as_root(),
    })
}
