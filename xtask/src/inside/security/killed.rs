//! The fused hook, killed at each of its system calls in turn: the image's files are the old or the new
//! ones, never a part, and the next start of the same container ends as one that was never disturbed.

use super::place::{Container, NOTHING, Way, call, said, state};
use crate::exec::{capture, command};
use crate::inside::check::{Check, Ledger};
use crate::inside::{Job, scratch};
use diag::{Failure, Result, ResultExt};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Instant;

/// In the short form every so-manieth call, and all of these.
const STEP: usize = 17;
const WRITING: [&str; 6] = ["write", "renameat", "unlinkat", "fchmod", "mkdirat", "mount"];

/// An image in which the hook makes, replaces and removes something of every kind.
const IMAGE: &str = "mkdir -p etc/nvidia usr/local/cuda/compat opt; rm -f etc/ld.so.conf.d/*
    echo /opt > etc/ld.so.conf; ln -s elsewhere usr/lib/x86_64-linux-gnu/libcuda.so
    cp usr/lib/x86_64-linux-gnu/libc.so.6 usr/local/cuda/compat/libcuda.so.999.1";

/// Runs the sweep.
pub(super) fn run(job: &Job, thorough: bool, ledger: &mut Ledger) -> Result<()> {
    let started = Instant::now();
    let swept = Sweep::prepare(job).and_then(|sweep| sweep.run(thorough));
    let case = format!("killed at {} of its system calls", swept.as_ref().unwrap_or(&0));
    eprintln!("  fused hook: {case}");
    ledger.record(Check::new("fused hook", &case, started.elapsed().as_secs_f64(), swept.map(drop)))
}

/// A container, and how its root looks before and after the hook.
struct Sweep<'a> {
    container: Container<'a>,
    arguments: Vec<String>,
    root: PathBuf,
    pristine: PathBuf,
    before: BTreeSet<String>,
    after: BTreeSet<String>,
    /// Names and numbers of the calls of an undisturbed run: `openat` for the third time.
    calls: Vec<(String, usize)>,
}

impl<'a> Sweep<'a> {
    fn prepare(job: &Job) -> Result<Self> {
        let container = Container::make(job, Way::Fused, NOTHING, IMAGE, &[])?;
        let arguments = container.fused_arguments()?;
        let (root, pristine) = (container.bundle.path.join("rootfs"), scratch("pristine"));
        capture(command(["cp", "-a"]).arg(&root).arg(&pristine))?;
        let before = listing(&root)?;
        let empty = BTreeSet::new();
        let mut sweep =
            Self { container, arguments, root, pristine, before, after: empty, calls: Vec::new() };
        let log = scratch("strace.log");
        must_be_well(&sweep.call(&["strace", "-f", "-o", &log.to_string_lossy(), "--"])?)?;
        sweep.after = listing(&sweep.root)?;
        sweep.calls = numbered(&fs::read_to_string(&log).context("strace wrote no log")?);
        Ok(sweep)
    }

    fn run(self, thorough: bool) -> Result<usize> {
        let mut kills = 0;
        let wanted =
            |place: usize, name: &str| thorough || place.is_multiple_of(STEP) || WRITING.contains(&name);
        // The first call is the `execve` itself.
        let calls = self.calls.iter().enumerate().skip(1);
        for (_, (name, number)) in calls.filter(|(place, (name, _))| wanted(*place, name)) {
            self.kill_at(name, *number).with_context(|| format!("killed at {name}, number {number}"))?;
            kills += 1;
        }
        capture(command(["rm", "-rf"]).arg(&self.pristine))?;
        self.container.remove()?;
        Ok(kills)
    }

    fn kill_at(&self, name: &str, number: usize) -> Result<()> {
        capture(command(["rm", "-rf"]).arg(&self.root))?;
        capture(command(["cp", "-a"]).arg(&self.pristine).arg(&self.root))?;
        let inject = format!("inject={name}:signal=KILL:when={number}");
        self.call(&["strace", "-f", "-o", "/dev/null", "-e", &inject, "--"])?;
        let killed = listing(&self.root)?;
        let known = |line: &String| {
            self.before.contains(line) || self.after.contains(line) || line.contains(".longshore")
        };
        if let Some(line) = killed.iter().find(|line| !known(line)) {
            return Err(Failure::new(format!("neither old nor new: {line}")));
        }
        must_be_well(&self.call(&[])?)?;
        let again = listing(&self.root)?;
        match again.symmetric_difference(&self.after).next() {
            None => Ok(()),
            Some(line) => Err(Failure::new(format!("the next start ends in another way: {line}"))),
        }
    }

    /// Calls the hook in a mount namespace that ends with it.
    fn call(&self, around: &[&str]) -> Result<Output> {
        let mut hook = command(["timeout", "-k", "5", "60", "unshare", "-m"]);
        hook.args(around).arg("/usr/bin/nvidia-cdi-hook").args(&self.arguments);
        call(&mut hook, &state(&self.container.bundle, 0))
    }
}

/// Every file of a tree, with the sums of their contents; times do not count.
fn listing(root: &Path) -> Result<BTreeSet<String>> {
    let script = "cd \"$0\" && find . -printf '%P %y %m %U:%G %l\\n' && find . -type f -exec cksum {} +";
    Ok(capture(command(["sh", "-c", script]).arg(root))?.lines().map(str::to_owned).collect())
}

fn must_be_well(ended: &Output) -> Result<()> {
    if ended.status.success() { Ok(()) } else { Err(Failure::new(said(ended))) }
}

/// The calls of a log, each with how often its name came up to there.
fn numbered(log: &str) -> Vec<(String, usize)> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let names = log.lines().filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('));
    names
        .map(|(name, _)| {
            let number = seen.entry(name).or_default();
            *number += 1;
            (name.to_owned(), *number)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn calls_are_numbered_by_name() {
        let log = "7 execve(\"/h\", []) = 0\n7 openat(3, \"a\") = 4\n7  close(4) = 0\n7 openat(3, \"b\") = 4\n7 +++ exited\n";
        let expected = [("execve", 1), ("openat", 1), ("close", 1), ("openat", 2)];
        assert_eq!(numbered(log), expected.map(|(name, number)| (name.to_owned(), number)));
    }
}
