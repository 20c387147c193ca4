//! H201: does the client talk to a daemon on this machine that can have a GPU?

use crate::codes::DOCKER_CONTEXT;
use crate::facts::{Client, SocketSeen, Source, Transport};
use crate::serving::{self, Place};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let client = match facts.client.as_result() {
        Ok(client) => client,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    match serving::place(facts) {
        Place::Here if serving::is_up(facts) && serving::answer(facts).is_none() => {
            Outcome::CannotTell("the daemon did not say what it is".to_owned())
        }
        Place::Here => match &client.unread {
            Some(why) => Outcome::Found(vec![unread(client, why)]),
            None => Outcome::Fine(choice(client)),
        },
        Place::Desktop => Outcome::Found(vec![desktop(facts, client)]),
        Place::Nowhere => Outcome::Found(vec![nowhere(client)]),
        Place::Podman => Outcome::Found(vec![podman(client)]),
        Place::Elsewhere(address) => elsewhere(facts, client, &address),
    }
}

fn desktop(facts: &Facts, client: &Client) -> Finding {
    let message = "`docker` talks to Docker Desktop, whose virtual machine has no GPU, not to an engine of this machine";
    let finding = Finding::new(DOCKER_CONTEXT, Severity::Error, message).evidence(choice(client));
    match serving::answer(facts) {
        Some(answer) => finding.evidence(format!(
            "it answers as `{}` with kernel {}; the kernel here is {}",
            answer.operating_system,
            answer.kernel,
            facts.machine.known().map_or("unknown", |machine| machine.kernel.as_str())
        )),
        None => finding,
    }
}

/// It warns at each call and goes on as if the file were empty (docker/cli, `LoadDefaultConfigFile`).
fn unread(client: &Client, why: &str) -> Finding {
    let message = format!(
        "the client cannot use {}: contexts, logins and credential helpers in it have no effect",
        client.configuration
    );
    Finding::new(DOCKER_CONTEXT, Severity::Warning, message).evidence(why).evidence(choice(client))
}

fn nowhere(client: &Client) -> Finding {
    let name = client.endpoint.context.as_deref().unwrap_or_default();
    let known: Vec<&str> = client.contexts.iter().map(|context| context.name.as_str()).collect();
    Finding::new(
        DOCKER_CONTEXT,
        Severity::Error,
        format!("the client is set to the context `{name}`, which does not exist"),
    )
    .evidence(choice(client))
    .evidence(format!(
        "contexts besides `default`: {}",
        if known.is_empty() { "none".to_owned() } else { known.join(", ") }
    ))
}

fn podman(client: &Client) -> Finding {
    Finding::new(DOCKER_CONTEXT, Severity::Warning, "behind the socket is Podman, not Docker")
        .evidence(choice(client))
        .help("with Podman use `--device nvidia.com/gpu=all`; older ones take `--gpus` and ignore it")
}

fn elsewhere(facts: &Facts, client: &Client, address: &str) -> Outcome {
    if facts.gpus.known().is_none_or(Vec::is_empty) {
        return Outcome::CannotTell(format!("the daemon is at {address}; run the doctor on that machine"));
    }
    let message = format!("`docker` talks to the daemon at {address}, not to this machine with its GPU");
    let finding = Finding::new(DOCKER_CONTEXT, Severity::Error, message).evidence(choice(client));
    Outcome::Found(vec![finding.help("if that machine is meant, run the doctor there")])
}

/// `context desktop-linux (currentContext of /home/ada/.docker/config.json): /path`.
fn choice(client: &Client) -> String {
    let by = match client.endpoint.source {
        Source::SocketOption => "--socket".to_owned(),
        Source::ContextOption => "--context".to_owned(),
        Source::DockerHost => "DOCKER_HOST".to_owned(),
        Source::DockerContext => "DOCKER_CONTEXT".to_owned(),
        Source::CurrentContext => format!("currentContext of {}", client.configuration),
        Source::Default => "default".to_owned(),
    };
    let to = match &client.endpoint.transport {
        Transport::Unix(path) => path.as_str(),
        Transport::Network(address) => address.as_str(),
        Transport::NoSuchContext => "nowhere",
    };
    match &client.endpoint.context {
        Some(name) => format!("context {name} ({by}): {to}"),
        None => format!("{to} ({by})"),
    }
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let client = facts.client.known()?;
    if client.unread.is_some() && serving::place(facts) == Place::Here {
        let file = &client.configuration;
        return Some(Remedy::shown(
            format!("correct {file}, or give it back: sudo chown \"$(id -u):$(id -g)\" {file}"),
            "the client's configuration file; logins in it stay",
        ));
    }
    let undo = match client.endpoint.source {
        Source::DockerHost => ("unset DOCKER_HOST", "this shell's choice of a daemon"),
        Source::DockerContext => ("unset DOCKER_CONTEXT", "this shell's choice of a context"),
        Source::SocketOption | Source::ContextOption => {
            ("docker context use default", "the client's current context, if it is the one you named")
        }
        Source::CurrentContext | Source::Default => {
            ("docker context use default", "`currentContext` of the client's configuration")
        }
    };
    let native = facts.sockets.known().is_some_and(|sockets| sockets.iter().any(SocketSeen::is_live));
    let installed = facts.installed.known().is_some_and(|installed| installed.daemon.is_some());
    Some(match (native, installed) {
        (true, _) if client.endpoint.source == Source::CurrentContext => Remedy::safe(undo.0, undo.1),
        // What a shell was told no file can take back.
        (true, _) => Remedy::shown(undo.0, undo.1),
        (false, true) => Remedy::asking(
            format!("sudo systemctl start docker && {}", undo.0),
            format!("starts the engine of this machine, and {}", undo.1),
        )
        .as_root()
        .restarting("nothing that runs"),
        (false, false) => Remedy::shown(
            format!("install Docker Engine (package docker-ce or docker.io), then {}", undo.0),
            format!("adds an engine next to what is there, and {}", undo.1),
        )
        .as_root(),
    })
}
