//! containerd's files, judged by `containerd config dump`.

use super::states::CONTAINERD;
use super::{clear, round_trip};
use crate::exec::{capture, command};
use crate::inside::check::Ledger;
use diag::{Failure, Result};

pub(super) fn run(ledger: &mut Ledger) -> Result<()> {
    let version = capture(&mut command(["containerd", "--version"]))?;
    let number =
        version.split_whitespace().nth(2).unwrap_or_default().split(['~', '+']).next().unwrap_or_default();
    let engine = format!("containerd {number}");
    for state in CONTAINERD {
        ledger.check(&engine, state.name, || round_trip("containerd", state, || dumped(state.kept)))?;
    }
    clear("/etc/containerd")
}

/// What containerd takes from its files: our runtime, and what was there before. Words on both sides of
/// a bar are two forms of one thing.
fn dumped(kept: &[&str]) -> Result<()> {
    let dump = capture(&mut command(["containerd", "config", "dump"]))?;
    let ours = ["runtimes.nvidia]", "BinaryName = \"/usr/bin/nvidia-container-runtime\""];
    // Of a plugin that is off nothing is shown.
    let off = dump.contains("disabled_plugins = [\"cri\"]");
    let ours = if off { &ours[..0] } else { &ours[..] };
    let missing = ours.iter().chain(kept).find(|words| !words.split('|').any(|word| dump.contains(word)));
    match missing {
        Some(words) => Err(Failure::new(format!("containerd does not show {words}:\n{dump}"))),
        None => Ok(()),
    }
}
