//! Where things lie: the checkout, its `target` directory, and what xtask keeps there.

use diag::{Failure, Result};
use std::env;
use std::path::{Path, PathBuf};

/// The checkout that this xtask was built from.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    root: PathBuf,
    cargo_target: PathBuf,
}

impl Project {
    /// Finds the checkout: two levels above this crate's manifest.
    pub(crate) fn find() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest
            .parent()
            .filter(|root| root.join("Cargo.toml").exists())
            .ok_or_else(|| Failure::new(format!("no workspace around {}", manifest.display())))?
            .to_path_buf();
        let cargo_target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        Ok(Self { root, cargo_target })
    }

    /// The checkout itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's target directory (`CARGO_TARGET_DIR` is respected).
    pub(crate) fn cargo_target(&self) -> &Path {
        &self.cargo_target
    }

    /// Cargo's target directory of the static executable, apart from the others: a plain
    /// `cargo build` would silently put a dynamic file in the same place.
    pub(crate) fn static_target(&self) -> PathBuf {
        self.cargo_target.join("static")
    }

    /// The unpacked engines, one root per suite.
    pub(crate) fn engines(&self) -> PathBuf {
        self.root.join("target/engines")
    }

    /// The executables under test, under all their names.
    pub(crate) fn dist(&self) -> PathBuf {
        self.cargo_target.join("dist/bin")
    }

    /// Logs and reports of the last run.
    pub(crate) fn logs(&self) -> PathBuf {
        self.cargo_target.join("xtask")
    }
}
