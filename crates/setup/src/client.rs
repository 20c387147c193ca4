//! What Docker Desktop leaves in a user's `~/.docker/config.json`: a context that leads nowhere, and a
//! credential helper that is gone. Logins beside them are kept.

use diag::Result;
use formats::docker_client::{self, Residue};
use host::Host;
use plan::{Applicability, Plan, Step};
use serde::Serialize;
use serde_json::{Map, Value};

/// The residue in one user's file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Client {
    /// The file.
    pub path: String,
    /// The context that the client uses, unless it is the default one.
    pub context: Option<String>,
    /// Credential helpers that the file names.
    pub helpers: Vec<String>,
    /// Those that are not installed.
    pub missing_helpers: Vec<String>,
    /// How many registries have a login in the file itself.
    pub logins: usize,
    #[serde(skip)]
    bytes: Option<Vec<u8>>,
}

impl Client {
    /// `home` is that of the user whose file it is; without it, of the one whose environment this is.
    pub(crate) fn read(host: &Host, home: Option<&str>) -> Result<Self> {
        let environment = host.environment();
        let given = environment.get_nonempty("DOCKER_CONFIG");
        let own = home.or_else(|| environment.get_nonempty("HOME")).unwrap_or("/root");
        let folder = given.map_or_else(|| format!("{own}/.docker"), str::to_owned);
        let path = format!("{folder}/config.json");
        let bytes = host.read_optional(&path)?;
        let config = bytes.as_deref().and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
        let config = config.unwrap_or(Value::Null);
        let context = environment
            .get_nonempty("DOCKER_CONTEXT")
            .or_else(|| config.get("currentContext")?.as_str())
            .filter(|name| !name.is_empty() && *name != "default");
        let helpers = helpers(&config);
        let folders = environment
            .get_nonempty("PATH")
            .unwrap_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        let is_missing = |name: &&String| {
            !folders.split(':').any(|folder| host.exists(&format!("{folder}/docker-credential-{name}")))
        };
        Ok(Self {
            context: context.map(str::to_owned),
            missing_helpers: helpers.iter().filter(is_missing).cloned().collect(),
            logins: config.get("auths").and_then(Value::as_object).map_or(0, Map::len),
            helpers,
            path,
            bytes,
        })
    }

    /// Whether the context is that of Docker Desktop.
    pub(crate) fn uses_desktop(&self) -> bool {
        self.context.as_deref().is_some_and(|name| name.starts_with("desktop-"))
    }

    /// What [`Self::repair`] takes out, in words.
    pub(crate) fn residue(&self) -> Vec<String> {
        let context = self.context.iter().filter(|_| self.uses_desktop());
        let context = context.map(|name| format!("the context `{name}` of Docker Desktop"));
        let helpers = self.missing_helpers.iter();
        let helpers = helpers.map(|name| format!("the missing credential helper `{name}`"));
        helpers.chain(context).collect()
    }

    /// The plan that takes the residue out; `None` where there is none.
    pub(crate) fn repair(&self) -> Option<Plan> {
        let residue = Residue { context: self.uses_desktop(), helpers: self.missing_helpers.clone() };
        repair_client_file(&self.path, self.bytes.as_deref()?, &residue)
    }
}

/// The plan that takes a residue out of a client's file, which leaves every other byte as it is; `None` when
/// nothing of it is there, or the file is not understood.
#[must_use]
pub fn repair_client_file(path: &str, bytes: &[u8], residue: &Residue) -> Option<Plan> {
    let after = docker_client::without(std::str::from_utf8(bytes).ok()?, residue)?;
    let step = Step::Write {
        path: path.to_owned(),
        before: Some(bytes.to_vec()),
        after: after.into_bytes(),
        mode: 0o600,
    };
    Some(Plan::new(format!("repair {path}"), Applicability::Safe).step(step))
}

fn helpers(config: &Value) -> Vec<String> {
    let store = config.get("credsStore").and_then(Value::as_str);
    let each = config.get("credHelpers").and_then(Value::as_object).into_iter().flatten();
    let mut names: Vec<String> =
        each.filter_map(|(_, name)| name.as_str()).chain(store).map(str::to_owned).collect();
    names.retain(|name| !name.is_empty() && !name.contains('/'));
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "tests prepare directories of their own")]

    use super::*;
    use host::Environment;
    use std::fs;

    #[test]
    fn the_residue_goes_and_logins_stay() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("home/u/.docker")).unwrap();
        fs::create_dir_all(root.path().join("usr/bin")).unwrap();
        fs::write(root.path().join("usr/bin/docker-credential-pass"), "").unwrap();
        let text = r#"{"auths": {"r.example": {"auth": "c2VjcmV0"}}, "credsStore": "desktop", "credHelpers": {"a": "pass", "b": "desktop"}, "currentContext": "desktop-linux", "x": 1.0}"#;
        fs::write(root.path().join("home/u/.docker/config.json"), text).unwrap();
        let host = Host::at(root.path())
            .with_environment(Environment::from([("HOME", "/home/u"), ("PATH", "/usr/bin")]));
        let client = Client::read(&host, None).unwrap();
        assert_eq!((client.missing_helpers.as_slice(), client.logins), (&["desktop".to_owned()][..], 1));
        assert!(client.uses_desktop());
        let plan = client.repair().unwrap();
        let [Step::Write { after, .. }] = plan.steps.as_slice() else { panic!("one file is written") };
        let expected =
            r#"{"auths": {"r.example": {"auth": "c2VjcmV0"}}, "credHelpers": {"a": "pass"}, "x": 1.0}"#;
        assert_eq!(std::str::from_utf8(after), Ok(expected));
        assert!(!serde_json::to_string(&client).unwrap().contains("c2Vj"), "logins are never shown");
        assert_eq!(Client::read(&Host::at("/nonexistent"), None).unwrap().repair(), None);
    }
}
