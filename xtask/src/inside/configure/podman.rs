//! Podman's drop-in, judged by a container that gets its GPU.

use super::states::PODMAN;
use super::{Job, clear, round_trip};
use crate::engines::GLIBC;
use crate::exec::{capture, command, output};
use crate::inside::check::Ledger;
use crate::inside::expect::{Expect, text};
use crate::inside::scratch;
use diag::Result;
use std::process::Command;

pub(super) fn run(job: &Job, gpus: &[String], ledger: &mut Ledger) -> Result<()> {
    let version = capture(&mut command(["podman", "--version"]))?.trim().replace(" version", "");
    capture(podman().args(["load", "--input"]).arg(job.images.join("glibc.tar")))?;
    for state in PODMAN {
        let default = state.flags.contains(&"--set-as-default");
        let judge = || {
            let mut run = podman();
            if !default {
                run.arg("--runtime=nvidia");
            }
            let words = ["run", "--rm", "--network=none", "-e", "NVIDIA_VISIBLE_DEVICES=1"];
            let ran = output(run.args(words).args([GLIBC, "nvidia-smi", "-L"]))?;
            Expect::Gpus(&[1]).judge(gpus, &ran).map_err(|failure| failure.context(text(&ran)))
        };
        ledger.check(&version, state.name, || round_trip("podman", state, judge))?;
    }
    clear("/etc/containers/containers.conf.d")
}

fn podman() -> Command {
    let mut podman = command(["podman", "--root"]);
    podman.arg(scratch("podman-configure")).arg("--runroot").arg(scratch("podman-configure-run"));
    podman
}
