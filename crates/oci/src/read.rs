//! What is read from a configuration.
//!
//! [`Config::parse`] runs every reader once and passes its failure on, so that later reads cannot
//! fail: an editor writes only well-formed parts.

use crate::model::{Device, Hook, Mount, Namespace, Stage, User};
use crate::node::{Node, invalid};
use crate::{Config, model};
use diag::Result;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Visitor};
use std::fmt;

/// Any string: to see that there is one costs no memory, however many there are.
struct AnyText;

impl<'de> Deserialize<'de> for AnyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_str(AnyTextVisitor)
    }
}

struct AnyTextVisitor;

impl Visitor<'_> for AnyTextVisitor {
    type Value = AnyText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, _: &str) -> std::result::Result<AnyText, E> {
        Ok(AnyText)
    }
}

impl Config {
    /// `ociVersion`.
    #[must_use]
    pub fn oci_version(&self) -> Option<String> {
        self.value(&["ociVersion"]).unwrap_or_default()
    }

    /// `process.env`, in order; of a name that stands twice the last one counts for most programs.
    #[must_use]
    pub fn env(&self) -> Vec<String> {
        self.list(&["process", "env"]).unwrap_or_default()
    }

    /// `annotations`, in the order of the file.
    #[must_use]
    pub fn annotations(&self) -> Vec<(String, String)> {
        self.pairs(&["annotations"]).unwrap_or_default()
    }

    /// `mounts`.
    #[must_use]
    pub fn mounts(&self) -> Vec<Mount> {
        self.list(&["mounts"]).unwrap_or_default()
    }

    /// `root.path`: relative to the bundle unless absolute.
    #[must_use]
    pub fn root_path(&self) -> Option<String> {
        self.root_member().unwrap_or_default()
    }

    /// `process.user`.
    #[must_use]
    pub fn user(&self) -> User {
        self.value(&["process", "user"]).unwrap_or_default().unwrap_or_default()
    }

    /// `(uid, gid)` of `process.user`.
    #[must_use]
    pub fn process_user(&self) -> (u32, u32) {
        let user = self.user();
        (user.uid, user.gid)
    }

    /// `process.capabilities.bounding`; of OCI 1.0.0-rc1 to rc4 the flat list of capabilities.
    #[must_use]
    pub fn bounding_capabilities(&self) -> Vec<String> {
        self.capabilities().unwrap_or_default()
    }

    /// `linux.mountLabel`: the SELinux context of the container's own mounts, `/dev` among them.
    #[must_use]
    pub fn mount_label(&self) -> Option<String> {
        let label: Option<String> = self.value(&["linux", "mountLabel"]).unwrap_or_default();
        label.filter(|label| !label.is_empty())
    }

    /// `linux.devices`.
    #[must_use]
    pub fn devices(&self) -> Vec<Device> {
        self.list(&["linux", "devices"]).unwrap_or_default()
    }

    /// `linux.namespaces`.
    #[must_use]
    pub fn namespaces(&self) -> Vec<Namespace> {
        self.list(&["linux", "namespaces"]).unwrap_or_default()
    }

    /// `hooks.<stage>`.
    #[must_use]
    pub fn hooks(&self, stage: Stage) -> Vec<Hook> {
        self.list(&["hooks", stage.name()]).unwrap_or_default()
    }

    /// Runs every reader.
    pub(crate) fn check(&self) -> Result<()> {
        self.value::<String>(&["ociVersion"])?;
        self.list::<AnyText>(&["process", "env"])?;
        self.pairs(&["annotations"])?;
        self.list::<Mount>(&["mounts"])?;
        self.root_member()?;
        self.value::<User>(&["process", "user"])?;
        self.capabilities()?;
        self.list::<Device>(&["linux", "devices"])?;
        self.list::<Namespace>(&["linux", "namespaces"])?;
        Stage::ALL.into_iter().try_for_each(|stage| self.list::<Hook>(&["hooks", stage.name()]).map(drop))
    }

    fn node(&self, path: &[&str]) -> Option<&Node> {
        let found = path.iter().try_fold(&self.root, |node, key| node.member(key))?;
        (!found.is_null()).then_some(found)
    }

    fn value<T: DeserializeOwned>(&self, path: &[&str]) -> Result<Option<T>> {
        let Some(node) = self.node(path) else { return Ok(None) };
        let value = serde_json::from_str(&node.text())
            .map_err(|cause| invalid(&path.join("."), "has an unexpected form").caused_by(cause))?;
        Ok(Some(value))
    }

    fn list<T: DeserializeOwned>(&self, path: &[&str]) -> Result<Vec<T>> {
        Ok(self.value::<Vec<T>>(path)?.unwrap_or_default())
    }

    fn pairs(&self, path: &[&str]) -> Result<Vec<(String, String)>> {
        let Some(node) = self.node(path) else { return Ok(Vec::new()) };
        let place = path.join(".");
        let mut node = node.clone();
        let members = node.open_object(&place)?;
        let pair = |member: &crate::node::Member| {
            let value = serde_json::from_str(&member.value.text())
                .map_err(|cause| invalid(&place, "has a value that is no string").caused_by(cause))?;
            Ok((member.key.clone(), value))
        };
        members.iter().map(pair).collect()
    }

    fn root_member(&self) -> Result<Option<String>> {
        #[derive(Deserialize)]
        struct Root {
            path: Option<String>,
        }
        Ok(self.value::<Root>(&["root"])?.and_then(|root| root.path))
    }

    fn capabilities(&self) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Sets {
            #[serde(default, deserialize_with = "model::list")]
            bounding: Vec<String>,
        }
        const PATH: &[&str] = &["process", "capabilities"];
        match self.node(PATH).is_some_and(|node| node.text().starts_with('[')) {
            true => self.list(PATH),
            false => Ok(self.value::<Sets>(PATH)?.map(|sets| sets.bounding).unwrap_or_default()),
        }
    }
}
