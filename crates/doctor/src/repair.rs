//! Repairs that are safe: what a file has to become. Whoever calls this writes it, by a plan that can
//! be undone.

use crate::codes;
use crate::facts::{CDI_HOOK, Facts, SocketSeen, Source, ToolkitSettings, UNKNOWN_MODE};
use crate::specifications;
use diag::Code;
use formats::docker_client::Residue;

/// A safe repair of one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Take keys out of the client's configuration file; nothing else in it changes.
    ClientFile {
        /// Its path.
        path: String,
        /// What leads nowhere.
        residue: Residue,
    },
    /// Set one key of the toolkit's configuration file.
    ToolkitFile {
        /// Its path.
        path: String,
        /// `key=value`.
        option: String,
    },
    /// Make the CDI specification again.
    Specification {
        /// Its path.
        path: String,
        /// What `nvidia-ctk cdi generate` is told besides, so that this engine can read it.
        flags: Vec<&'static str>,
    },
}

/// The safe repair of a cause on this machine; `None`: there is none that needs no question.
#[must_use]
pub fn safe(facts: &Facts, code: Code) -> Option<Repair> {
    match code {
        codes::DOCKER_CONTEXT => context(facts),
        codes::CREDENTIAL_RESIDUE => {
            let client = facts.client.known()?;
            let gone = client.credentials.missing.iter();
            let helpers = gone.filter_map(|name| Some(name.strip_prefix("docker-credential-")?.to_owned()));
            let residue = Residue { context: false, helpers: helpers.collect() };
            Some(Repair::ClientFile { path: client.configuration.clone(), residue })
        }
        codes::TOOLKIT_CONFIG => toolkit_file(facts),
        codes::DRIVER_ROOT => {
            let root = facts.driver.known()?.other_roots.first()?;
            let path = facts.settings.known()?.path.clone();
            Some(Repair::ToolkitFile { path, option: format!("nvidia-container-cli.root={root}") })
        }
        codes::CDI_PRESENT
        | codes::CDI_STALE
        | codes::CDI_VALID
        | codes::CDI_VERSION
        | codes::CDI_DIRECTORIES => Some(specification(facts, code)),
        // A new specification names the hook that is installed; without one it would name nothing better.
        codes::CDI_HOOK if has_hook(facts) => Some(specification(facts, code)),
        _ => None,
    }
}

/// Only a choice that stands in the file can be taken back there.
fn context(facts: &Facts) -> Option<Repair> {
    let client = facts.client.known()?;
    let chosen = client.endpoint.source == Source::CurrentContext;
    let engine_here = facts.sockets.known().is_some_and(|sockets| sockets.iter().any(SocketSeen::is_live));
    (chosen && engine_here).then(|| Repair::ClientFile {
        path: client.configuration.clone(),
        residue: Residue { context: true, helpers: Vec::new() },
    })
}

fn toolkit_file(facts: &Facts) -> Option<Repair> {
    let file = facts.settings.known()?;
    let ToolkitSettings::Read { no_cgroups, root_exists, mode, .. } = &file.content else { return None };
    let option = match (root_exists, mode.as_str(), no_cgroups) {
        (Some(false), _, _) => "nvidia-container-cli.root=",
        (_, "csv" | UNKNOWN_MODE, _) => "nvidia-container-runtime.mode=auto",
        (_, _, true) => "nvidia-container-cli.no-cgroups=false",
        _ => return None,
    };
    Some(Repair::ToolkitFile { path: file.path.clone(), option: option.to_owned() })
}

/// Whether the hook that specifications name is installed.
pub(crate) fn has_hook(facts: &Facts) -> bool {
    facts.toolkit.known().is_some_and(|toolkit| {
        toolkit.programs.iter().any(|program| program.name == CDI_HOOK && program.executable)
    })
}

fn specification(facts: &Facts, code: Code) -> Repair {
    let flags = specifications::is_for_old_engine(facts).then_some(specifications::WITHOUT_GROUPS);
    Repair::Specification { path: specifications::to_renew(facts, code), flags: flags.into_iter().collect() }
}
