//! config.toml of the toolkit: parsed, validated, immutable; one defaults table.
//!
//! Keys, defaults and meaning are those of the NVIDIA Container Toolkit 1.20. [`table`] lists each
//! key once; parsing, the default file, the canonical form and `--set` all follow it.

mod canonical;
pub mod codes;
mod edit;
mod location;
mod nearest;
mod option;
mod parse;
pub mod table;
mod values;

pub use canonical::{canonical, default_file, default_file_for};
pub use edit::edit;
pub use location::{DEFAULT_PATH, FILE_VARIABLE, location};
pub use option::{set, set_all};
pub use values::{Cli, Features, Hook, Mode, Modes, Platform, Runtime, Settings};

/// The version of the NVIDIA Container Toolkit that we answer as.
pub const TOOLKIT_VERSION: &str = "1.20.0";

/// The two lines that `--version` prints first: `<program> version ...` and `commit: ...`.
#[must_use]
pub fn version_text(program: &str) -> String {
    format!("{program} version {TOOLKIT_VERSION}\ncommit: longshore-{}\n", env!("CARGO_PKG_VERSION"))
}
