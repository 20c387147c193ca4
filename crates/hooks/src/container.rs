//! The container that a hook was called for: where its root is, and which device nodes it has.

use crate::codes;
use diag::{Failure, Result, ResultExt};
use oci::{Config, State};
use rootfs::{ContainerRoot, trusted};
use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A state holds annotations, so it can be large; larger than this it is not a state.
const STATE_LIMIT: u64 = 10 * 1024 * 1024;

const NO_STATE: &str = "failed to load container state";

/// What the OCI runtime said about the container.
#[derive(Debug)]
pub(crate) struct Container {
    state: State,
    bundle: PathBuf,
}

impl Container {
    /// Reads the state from `--container-spec FILE`, or from standard input without it or with `-`.
    pub(crate) fn load(specification: Option<&OsStr>) -> Result<Self> {
        let bytes = match specification {
            Some(path) if path != "-" && !path.is_empty() => {
                trusted::read(Path::new(path), STATE_LIMIT as usize).context(NO_STATE)?
            }
            _ => from_standard_input()?,
        };
        let state = State::parse(&bytes).context("failed to decode container state").context(NO_STATE)?;
        let bundle = PathBuf::from(&state.bundle);
        Ok(Self { state, bundle })
    }

    /// The bundle's configuration.
    pub(crate) fn config(&self) -> Result<Config> {
        Config::parse(&trusted::read(&self.bundle.join("config.json"), oci::MAX_BYTES)?)
    }

    /// The container's root.
    pub(crate) fn root(&self, config: Option<&Config>) -> Result<ContainerRoot> {
        ContainerRoot::open(self.root_path(config)?)
    }

    /// Path of the container's root: where the state says (crun), else where the configuration says.
    pub(crate) fn root_path(&self, config: Option<&Config>) -> Result<PathBuf> {
        let path = match (&self.state.root, config) {
            (Some(root), _) if !root.is_empty() => Some(root.clone()),
            (_, Some(config)) => config.root_path(),
            (_, None) => self.config()?.root_path(),
        };
        let path = path.filter(|path| !path.is_empty()).ok_or_else(|| {
            Failure::coded(codes::NO_ROOT, format!("`{}` names no root.path", self.state.bundle))
                .hint("a hook can only work on a container with a root file system")
        })?;
        Ok(self.bundle.join(path))
    }
}

/// The root of the container whose state is in `specification` or on standard input.
pub(crate) fn root(specification: Option<&OsStr>) -> Result<ContainerRoot> {
    Container::load(specification)?.root(None)
}

fn from_standard_input() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(STATE_LIMIT + 1)
        .read_to_end(&mut bytes)
        .context("cannot read the container's state from standard input")?;
    Ok(bytes)
}
