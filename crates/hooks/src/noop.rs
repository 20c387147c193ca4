//! `noop`: does nothing, for measuring what calling a hook costs.

use crate::catalogue::Hook;
use diag::Result;
use std::ffi::OsString;

pub(crate) const HOOK: Hook = Hook { name: "noop", summary: None, flags: "", run };

#[expect(clippy::unnecessary_wraps, reason = "the signature of every hook")]
fn run(_arguments: &[OsString]) -> Result<()> {
    Ok(())
}
