//! Conformance: recorded runs of the NVIDIA Container Toolkit against a folder of binaries.
//!
//! A [`case`](Case) is a folder of `cases/`: a command, the machine it runs on, and what the
//! original answered. Outputs are not compared as text where text is not what matters: a CDI
//! specification or a `config.json` is taken apart into [`Facts`], and hooks into what they do, so
//! that several hooks and one fused hook with the same effect are equal. What differs on purpose
//! stands in `differences.toml` with its reason; a row there that matches nothing fails the run.
#![expect(
    clippy::disallowed_methods,
    reason = "a development tool: reads its cases, runs binaries under test"
)]

mod case;
mod differences;
mod facts;
mod report;
mod run;

pub use case::{Case, Outcome, load};
pub use differences::{Differences, Side, Verdict, judge};
pub use facts::Facts;
pub use report::{documentation, summary};
pub use run::{Binaries, run};

use std::path::{Path, PathBuf};

/// Where the cases lie in a checkout of the project.
#[must_use]
pub fn cases_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// The table of deliberate differences in a checkout of the project.
#[must_use]
pub fn differences_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("differences.toml")
}

#[cfg(test)]
mod tests;
