//! What the tests of the house look at: the workspace's packages and its source files.
//!
//! The tests themselves are in `tests/`; this library only gathers facts, so that each test is a
//! table and a comparison.
#![expect(clippy::disallowed_methods, reason = "a development tool that reads the workspace's own sources")]
#![expect(clippy::expect_used, reason = "a broken workspace must stop these tests")]

pub mod codes;
pub mod packages;
pub mod pages;
pub mod sources;

use std::path::PathBuf;

/// The workspace's root directory.
#[must_use]
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).expect("crates/house lies two levels below the root").to_path_buf()
}
