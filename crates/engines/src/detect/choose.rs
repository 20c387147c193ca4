//! The installation that is meant. Between two, nobody guesses.

use super::{Installation, InstallationKind, context};
use crate::{Engine, codes};
use diag::{Failure, Result};
use host::Host;

/// What the caller wishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The daemon of the user, and not that of the system.
    pub rootless: bool,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The installation.
    pub installation: Installation,
    /// What the caller should know of the others.
    pub notes: Vec<String>,
}

/// The installation of an engine that is to be configured. Where nothing is installed yet, it is the
/// one that a package would bring.
///
/// # Errors
/// Several installations would do, or only such that cannot be configured from here.
pub fn choose(host: &Host, engine: &Engine, wish: Wish) -> Result<Choice> {
    if wish.rootless {
        let none = || {
            Failure::coded(
                codes::NO_ENGINE,
                format!("no rootless {}: neither HOME nor XDG_CONFIG_HOME is set", engine.name),
            )
        };
        let installation = engine.rootless(host).ok_or_else(none)?;
        return Ok(Choice { installation, notes: Vec::new() });
    }
    let found = (engine.detect)(host);
    let (usable, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|found| refusal(engine, found).is_none());
    let (rootless, system): (Vec<_>, Vec<_>) =
        usable.into_iter().partition(|found| found.kind == InstallationKind::Rootless);
    match system.as_slice() {
        [] => nothing(engine, &rootless, &others),
        [one] => {
            let also = rootless.iter().chain(&others).map(|other| note(engine, other));
            let client = (engine.name == "docker").then(|| context::note(host, one)).flatten();
            Ok(Choice { installation: one.clone(), notes: also.chain(client).collect() })
        }
        several => Err(ambiguous(engine, several)),
    }
}

fn nothing(engine: &Engine, rootless: &[Installation], others: &[Installation]) -> Result<Choice> {
    if let Some(other) = others.first().filter(|_| rootless.is_empty()) {
        return Err(refusal(engine, other).unwrap_or_else(|| Failure::new("cannot be configured")));
    }
    if let Some(user) = rootless.first() {
        let name = engine.name;
        let message = format!("the only {name} here is a rootless one ({})", user.seen);
        return Err(Failure::coded(codes::AMBIGUOUS, message).hint(format!(
            "--rootless configures it; --config={} the one of the system",
            engine.default_config
        )));
    }
    let installation = Installation {
        drop_in: engine.default_drop_in.map(str::to_owned),
        ..super::trace(InstallationKind::System, engine.default_config, "nothing yet")
    };
    Ok(Choice { installation, notes: Vec::new() })
}

fn ambiguous(engine: &Engine, several: &[Installation]) -> Failure {
    let each = several.iter().map(|found| format!("{} reads {}", found.seen, found.config));
    let files = several.iter().map(|found| format!("--config={}", found.config)).collect::<Vec<_>>();
    let message =
        format!("there are {} of {}: {}", several.len(), engine.name, each.collect::<Vec<_>>().join(", "));
    Failure::coded(codes::AMBIGUOUS, message).hint(format!("say which one: {}", files.join(" or ")))
}

/// One line about an installation that was not chosen.
fn note(engine: &Engine, other: &Installation) -> String {
    match (other.kind, refusal(engine, other)) {
        (InstallationKind::Rootless, _) => {
            format!("there is a rootless {} too ({}): --rootless configures it", engine.name, other.config)
        }
        (_, Some(reason)) => {
            format!("there is another {} too, which is left alone: {}", engine.name, reason.message())
        }
        (_, None) => format!("there is another {} too: {}", engine.name, other.config),
    }
}

/// Why an installation cannot be configured from here; `None` when it can.
#[must_use]
pub fn refusal(engine: &Engine, found: &Installation) -> Option<Failure> {
    let (problem, hint) = match found.kind {
        InstallationKind::System
        | InstallationKind::Rootless
        | InstallationKind::K3s
        | InstallationKind::Rke2 => {
            return None;
        }
        InstallationKind::Snap => (
            format!(
                "{} is a snap ({}): it is confined and cannot run the host's nvidia-container-runtime",
                engine.name, found.seen
            ),
            "install the engine from packages instead of the snap; the snap gets GPUs only through its own support for CDI",
        ),
        InstallationKind::Desktop => (
            format!(
                "Docker Desktop ({}) runs its daemon in a virtual machine, which has no GPU on Linux",
                found.seen
            ),
            "install Docker Engine from packages and switch the client to it: `docker context use default`",
        ),
        InstallationKind::Machine => (
            format!(
                "podman machine ({}) runs containers in a virtual machine with files of its own",
                found.seen
            ),
            "configure it inside: `podman machine ssh sudo nvidia-ctk runtime configure --runtime=podman`",
        ),
        InstallationKind::Microk8s => (
            format!("MicroK8s ({}) is a snap that manages its containerd itself", found.seen),
            "`microk8s enable nvidia` sets up GPUs there; a file changed by hand is lost at its next refresh",
        ),
    };
    Some(Failure::coded(codes::REFUSED_ENGINE, problem).hint(hint))
}
