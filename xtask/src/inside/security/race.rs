//! A swapper exchanges folders of the image with links to the host, as fast as it can, while a hook
//! works: round after round, nothing may ever appear outside of the image.

mod rounds;
mod setup;
mod swapper;

pub(crate) use rounds::{carry_out, hold};

use super::place::{Container, Host, NOTHING, Way, call, state};
use crate::exec::command;
use crate::inside::Job;
use crate::inside::check::{Check, Ledger};
use diag::{Failure, Result, ResultExt};
use serde::{Deserialize, Serialize};
use setup::{Image, Setup};
use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::time::Instant;
use swapper::Swapper;

/// How thorough the races are.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Plan {
    /// Rounds of the hooks, for each set-up.
    pub(crate) rounds: usize,
    /// Whole starts of containers: what the runtimes do beside the hook takes most of their time.
    pub(crate) starts: usize,
    /// Whether the kernel lacks `openat2` and the mount calls of its time.
    pub(crate) old_kernel: bool,
    /// Words that must stand in the names of the set-ups to run, if not all are wanted.
    pub(crate) only: Vec<String>,
}

/// The image has the folders of the host as well, at the same path: links that are followed inside the
/// image lead there, and the hook goes on.
const IMAGE: &str = "mkdir -p etc/nvidia usr/local/cuda/compat srv; cp -a $HOST srv/";

/// Runs all races.
pub(super) fn run(job: &Job, plan: &Plan, runtimes: &[&'static str], ledger: &mut Ledger) -> Result<()> {
    let is_wanted = |name: &str| plan.only.iter().all(|word| name.contains(word.as_str()));
    let image = Image::observe(job)?;
    for setup in Setup::all(runtimes).into_iter().filter(|setup| is_wanted(&setup.name())) {
        record(ledger, &setup.name(), plan.rounds, |count| setup.race(job, &image, count))?;
    }
    for runtime in runtimes {
        let name = format!("start of a container by {runtime}");
        if is_wanted(&name) {
            record(ledger, &name, plan.starts, |count| starts(job, count, runtime, &image))?;
        }
    }
    Ok(())
}

fn record(
    ledger: &mut Ledger,
    hook: &str,
    rounds: usize,
    race: impl Fn(usize) -> Result<Tally>,
) -> Result<()> {
    let started = Instant::now();
    let mut ended = race(rounds);
    // Whether some rounds come through is a matter of luck on a busy machine; what must never happen is not.
    for _ in 0..2 {
        if ended.as_ref().is_ok_and(|tally| tally.well == 0) {
            ended = race(rounds);
        }
    }
    let case = match &ended {
        Ok(tally) => {
            let made = tally.well + tally.refused;
            format!("{made} rounds, {} well, {} exchanges", tally.well, tally.exchanges)
        }
        Err(_) => "a race".to_owned(),
    };
    let seconds = started.elapsed().as_secs_f64();
    eprintln!("  race: {hook}: {case}, {seconds:.0} s");
    let judged = ended.and_then(|tally| tally.judge());
    ledger.record(Check::new(&format!("race, {hook}"), &case, seconds, judged))
}

/// What came of the rounds.
#[derive(Debug, Default)]
struct Tally {
    well: usize,
    refused: usize,
    /// What was said at the last refusal.
    said: String,
    exchanges: u64,
}

impl Tally {
    fn count(&mut self, round: &Output) -> Result<()> {
        match round.status.code() {
            Some(0) => self.well += 1,
            Some(1) => {
                self.refused += 1;
                self.said = super::place::said(round);
            }
            _ => return Err(Failure::new(format!("a round ended with {}", super::place::said(round)))),
        }
        Ok(())
    }

    /// A race in which the hook never came through, or was never disturbed, proves nothing.
    fn judge(&self) -> Result<()> {
        if self.well > 0 && self.exchanges > 1_000 {
            return Ok(());
        }
        Err(Failure::new(format!("this was no race: {self:?}")))
    }
}

/// What the shim has the low-level runtime call.
const HOOK: &str = "/usr/bin/nvidia-cdi-hook";

/// Whole starts through the shim under a real low-level runtime. The exchanges begin with the hook: what
/// the runtime does before and after it takes most of the time.
fn starts(job: &Job, rounds: usize, runtime: &str, image: &Image) -> Result<Tally> {
    let container = Container::make(job, Way::Fused, runtime, IMAGE, &[])?;
    let config = container.bundle.config_bytes()?;
    let before = Host::now()?;
    let root = container.bundle.path.join("rootfs");
    let swapper = Swapper::start_at(&root, image.touched(), Path::new(HOOK))?;
    let mut tally = Tally::default();
    for round in 0..rounds {
        container.bundle.write_bytes(&config)?;
        let ended = container.create()?;
        tally.count(&ended)?;
        if ended.status.success() {
            container.must_not_show_the_host()?;
        }
        container.end()?;
        if round % 20 == 19 {
            before.must_be_untouched()?;
        }
    }
    tally.exchanges = swapper.stop();
    before.must_be_untouched()?;
    container.remove()?;
    Ok(tally)
}

/// A runtime that leaves the container's mounts shared with the host's: what the prestart hook mounts
/// must not appear on the host all the same.
pub(super) fn shared_namespace(job: &Job) -> Result<()> {
    let container = Container::make(job, Way::Prestart, NOTHING, "", &[])?;
    container.without_cgroups()?;
    let before = Host::now()?;
    let mut process = Namespace::start("unchanged")?;
    let mut hook = command(["/usr/bin/nvidia-container-runtime-hook", "prestart"]);
    let hook = hook.env_clear().env("PATH", "/usr/bin:/bin");
    let ended = call(hook, &state(&container.bundle, process.child.id()))?;
    if !ended.status.success() {
        return Err(Failure::new(super::place::said(&ended)));
    }
    if !process.mounts()?.contains("libcuda.so") {
        return Err(Failure::new("the hook has mounted nothing: this proves nothing"));
    }
    let judged = before.must_be_untouched();
    process.end()?;
    container.remove()?;
    judged
}

/// Every mount that is not known lies in the image.
fn must_lie_below(root: &Path, known: &HashSet<String>, table: &str) -> Result<()> {
    let is_outside = |line: &&str| {
        let point = line.split(' ').nth(4).unwrap_or_default();
        !Path::new(point).starts_with(root) && !known.contains(&without_numbers(line))
    };
    match table.lines().find(is_outside) {
        None => Ok(()),
        Some(line) => Err(Failure::new(format!("a mount lies outside of the image: {line}"))),
    }
}

/// The mounts of a table, as they are known again in a copy of the namespace.
fn known(table: &str) -> HashSet<String> {
    table.lines().map(without_numbers).collect()
}

/// A line of a mount table without what is another number in each namespace: that of the mount, its
/// parent's and those of its peers.
fn without_numbers(line: &str) -> String {
    let is_number = |word: &&str| !word.starts_with("shared:") && !word.starts_with("master:");
    line.split(' ').skip(2).filter(is_number).collect::<Vec<_>>().join(" ")
}

/// A process in a mount namespace of its own, as a container's is before its root is pivoted to.
pub(super) struct Namespace {
    pub(super) child: Child,
}

impl Namespace {
    /// With mounts that are `slave`s of the host's, as under an OCI runtime, or still shared with it.
    pub(super) fn start(propagation: &str) -> Result<Self> {
        let mut unshare = command(["unshare", "-m", "--propagation", propagation, "sh", "-c"]);
        let child = unshare.arg("echo; exec sleep 60").stdout(Stdio::piped()).spawn();
        let mut child = child.context("cannot start a process in a namespace")?;
        let mut byte = [0];
        let out = child.stdout.as_mut().ok_or_else(|| Failure::new("no pipe"))?;
        out.read_exact(&mut byte).context("the process in a namespace did not start")?;
        Ok(Self { child })
    }

    fn mounts(&self) -> Result<String> {
        fs::read_to_string(format!("/proc/{}/mountinfo", self.child.id()))
            .context("cannot read the mount table of the namespace")
    }

    pub(super) fn end(&mut self) -> Result<()> {
        self.child.kill().context("cannot end the process in a namespace")?;
        self.child.wait().map(drop).context("cannot wait for the process in a namespace")
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // It has ended already where the round came to its end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_outside_of_the_image_is_seen() {
        let before = "1 0 0:1 / / rw shared:1 - tmpfs none rw\n2 1 0:2 / /srv/victim rw - tmpfs none rw\n";
        let copy = "11 10 0:1 / / rw master:1 - tmpfs none rw\n12 11 0:2 / /srv/victim rw - tmpfs none rw\n";
        let inside = format!("{copy}13 11 0:3 / /b/rootfs/usr/lib/libcuda.so.1 ro - tmpfs none rw\n");
        assert!(must_lie_below(Path::new("/b/rootfs"), &known(before), &inside).is_ok());
        for outside in ["/srv/victim/libcuda.so.1", "/b/rootfs2", "/b", "/srv/victim"] {
            let now = format!("{inside}14 11 0:3 / {outside} ro - tmpfs none rw\n");
            assert!(must_lie_below(Path::new("/b/rootfs"), &known(before), &now).is_err(), "{outside}");
        }
    }
}
