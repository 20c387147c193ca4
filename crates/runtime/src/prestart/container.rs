//! The container that the hook was called for, as the runtime and the engine describe it.

use crate::codes;
use diag::{Failure, Result, ResultExt};
use oci::{Config, State};
use std::io::Read;
use std::path::PathBuf;

const STATE_LIMIT: u64 = 10 * 1024 * 1024;

/// The container.
#[derive(Debug)]
pub(crate) struct Container {
    /// Its configuration.
    pub(crate) config: Config,
    /// Its process in the host's numbering.
    pub(crate) pid: i64,
    /// Path of its root as its own mount namespace sees it before the root is pivoted to.
    pub(crate) root: PathBuf,
}

impl Container {
    /// Reads the state from standard input and the configuration from the bundle.
    pub(crate) fn load() -> Result<Self> {
        let mut bytes = Vec::new();
        std::io::stdin()
            .take(STATE_LIMIT + 1)
            .read_to_end(&mut bytes)
            .context("cannot read the container's state from standard input")?;
        let state = State::parse(&bytes).context("could not decode container state")?;
        let bundle = PathBuf::from(&state.bundle);
        let text = rootfs::trusted::read(&bundle.join("config.json"), oci::MAX_BYTES);
        let config = Config::parse(&text.context("could not open OCI spec")?)?;
        let root = state.root.or_else(|| config.root_path()).filter(|root| !root.is_empty());
        let root = root.ok_or_else(|| {
            Failure::coded(codes::UNSUITED, format!("`{}` names no root.path", state.bundle))
                .hint("a hook can only work on a container with a root file system")
        })?;
        Ok(Self { config, pid: state.pid.unwrap_or(0), root: bundle.join(root) })
    }
}
