//! The container state that an OCI runtime writes to a hook's standard input.

use crate::codes;
use diag::{Failure, Result};
use serde::Deserialize;

/// The state of a container. runc, crun and old Docker differ in what they leave out; see the OCI
/// runtime specification, `runtime.md`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct State {
    /// Missing in what newer crun writes.
    #[serde(rename = "ociVersion")]
    pub oci_version: Option<String>,
    /// Container id.
    #[serde(default)]
    pub id: String,
    /// `creating`, `created`, `running` or `stopped`.
    #[serde(default)]
    pub status: String,
    /// Process id of the container. In a `createContainer` hook it means nothing to the hook: runc
    /// gives the one inside, crun 0.
    pub pid: Option<i64>,
    /// Absolute path of the bundle; Docker before 17.06 calls it `bundlePath`.
    #[serde(alias = "bundlePath")]
    pub bundle: String,
    /// Root file system of the container, which crun adds.
    pub root: Option<String>,
}

/// The largest state that is accepted, in bytes; annotations are part of it.
const MAX_BYTES: usize = 10 * 1024 * 1024;

impl State {
    /// Reads a state.
    ///
    /// # Errors
    /// Not JSON, no bundle, or larger than 10 MiB.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_BYTES {
            return Err(invalid("it is too large"));
        }
        let state: Self = serde_json::from_slice(bytes).map_err(|cause| invalid(&cause.to_string()))?;
        match state.bundle.as_str() {
            "" => Err(invalid("it names no bundle")),
            _ => Ok(state),
        }
    }
}

fn invalid(problem: &str) -> Failure {
    Failure::coded(codes::STATE_INVALID, problem)
        .hint("this program is called by an OCI runtime, which writes the state")
}
