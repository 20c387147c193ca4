//! Repairs that are safe: what a file has to become. Whoever calls this writes it, by a plan that can
//! be undone.

mod json_cut;

use crate::codes;
use crate::facts::{CDI_HOOK, Facts, Source, ToolkitSettings};
use crate::specifications;
use diag::Code;
use serde_json::Value;

/// A safe repair of one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Take keys out of the client's configuration file; nothing else in it changes.
    ClientFile {
        /// Its path.
        path: String,
        /// Whether the current context goes.
        context: bool,
        /// Credential helpers that are gone: programs such as `docker-credential-desktop`.
        helpers: Vec<String>,
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
            let helpers = client.credentials.missing.clone();
            Some(Repair::ClientFile { path: client.configuration.clone(), context: false, helpers })
        }
        codes::TOOLKIT_CONFIG => toolkit_file(facts),
        codes::DRIVER_ROOT => {
            let root = facts.driver.known()?.other_roots.first()?;
            let path = facts.settings.known()?.path.clone();
            Some(Repair::ToolkitFile { path, option: format!("nvidia-container-cli.root={root}") })
        }
        codes::CDI_PRESENT | codes::CDI_STALE | codes::CDI_VALID | codes::CDI_VERSION => {
            Some(specification(facts))
        }
        // A new specification names the hook that is installed; without one it would name nothing better.
        codes::CDI_HOOK if has_hook(facts) => Some(specification(facts)),
        _ => None,
    }
}

/// Only a choice that stands in the file can be taken back there.
fn context(facts: &Facts) -> Option<Repair> {
    let client = facts.client.known()?;
    let chosen = client.endpoint.source == Source::CurrentContext;
    let engine_here = facts.sockets.known().is_some_and(|sockets| !sockets.is_empty());
    (chosen && engine_here).then(|| Repair::ClientFile {
        path: client.configuration.clone(),
        context: true,
        helpers: Vec::new(),
    })
}

fn toolkit_file(facts: &Facts) -> Option<Repair> {
    let file = facts.settings.known()?;
    let ToolkitSettings::Read { no_cgroups, root_exists, mode, .. } = &file.content else { return None };
    let option = match (root_exists, mode.as_str(), no_cgroups) {
        (Some(false), _, _) => "nvidia-container-cli.root=",
        (_, "csv", _) => "nvidia-container-runtime.mode=auto",
        (_, _, true) => "nvidia-container-cli.no-cgroups=false",
        _ => return None,
    };
    Some(Repair::ToolkitFile { path: file.path.clone(), option: option.to_owned() })
}

fn has_hook(facts: &Facts) -> bool {
    facts.toolkit.known().is_some_and(|toolkit| {
        toolkit.programs.iter().any(|program| program.name == CDI_HOOK && program.executable)
    })
}

fn specification(facts: &Facts) -> Repair {
    let files = facts.specifications.known().map(|seen| seen.files.as_slice()).unwrap_or_default();
    let existing = files.iter().find(|file| file.path.ends_with("/nvidia.yaml")).or(files.first());
    let path = existing.map_or("/var/run/cdi/nvidia.yaml", |file| file.path.as_str()).to_owned();
    let flags = specifications::is_for_old_engine(facts).then_some(specifications::WITHOUT_GROUPS);
    Repair::Specification { path, flags: flags.into_iter().collect() }
}

/// The client's file without what a repair takes out; `None` when nothing of it is there, or the
/// file is not understood.
#[must_use]
pub fn client_file(text: &str, context: bool, helpers: &[String]) -> Option<String> {
    let json: Value = serde_json::from_str(text).ok()?;
    let is_gone = |value: &Value| {
        value.as_str().is_some_and(|name| {
            helpers.iter().any(|gone| gone.strip_prefix("docker-credential-") == Some(name))
        })
    };
    let mut keys: Vec<Vec<&str>> = Vec::new();
    if context && json.get("currentContext").is_some() {
        keys.push(vec!["currentContext"]);
    }
    if json.get("credsStore").is_some_and(is_gone) {
        keys.push(vec!["credsStore"]);
    }
    let entries = json.get("credHelpers").and_then(Value::as_object).into_iter().flatten();
    keys.extend(
        entries.filter(|(_, value)| is_gone(value)).map(|(name, _)| vec!["credHelpers", name.as_str()]),
    );
    if keys.is_empty() {
        return None;
    }
    let mut shorter = text.to_owned();
    for key in &keys {
        shorter = json_cut::without(&shorter, key)?;
    }
    Some(shorter)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "{\n\t\"auths\": {\n\t\t\"nvcr.io\": {\"auth\": \"eA==\"}\n\t},\n\t\"credsStore\": \"desktop\",\n\t\"currentContext\": \"desktop-linux\"\n}\n";

    #[test]
    fn only_the_key_goes_and_logins_stay() {
        let gone = ["docker-credential-desktop".to_owned()];
        assert_eq!(
            client_file(FILE, false, &gone).unwrap(),
            "{\n\t\"auths\": {\n\t\t\"nvcr.io\": {\"auth\": \"eA==\"}\n\t},\n\t\"currentContext\": \"desktop-linux\"\n}\n"
        );
        assert_eq!(
            client_file(FILE, true, &gone).unwrap(),
            "{\n\t\"auths\": {\n\t\t\"nvcr.io\": {\"auth\": \"eA==\"}\n\t}\n}\n"
        );
        assert_eq!(client_file(FILE, false, &["docker-credential-pass".to_owned()]), None);
        assert_eq!(client_file("{", true, &gone), None);
    }

    #[test]
    fn one_entry_of_many_helpers_goes() {
        let text = r#"{"credHelpers": {"a.io": "desktop", "b.io": "pass"}}"#;
        let shorter = client_file(text, false, &["docker-credential-desktop".to_owned()]).unwrap();
        assert_eq!(shorter, r#"{"credHelpers": {"b.io": "pass"}}"#);
    }
}
