//! A swapper exchanges folders of the image with links to the host, as fast as it can, while a hook
//! works: round after round, nothing may ever appear outside of the image.

use super::place::{Container, Host, NOTHING, VICTIM, Way, call, state};
use crate::exec::command;
use crate::inside::Job;
use crate::inside::check::{Check, Ledger};
use diag::{Failure, Result, ResultExt};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, RenameFlags, open, renameat_with};
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Rounds of the full form, for each set-up.
const THOROUGH: usize = 100_000;

/// Folders of the image, and what of the host takes their place.
const SWAPPED: [(&str, &str); 7] = [
    ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"),
    ("usr/lib", "lib"),
    ("usr", ""),
    ("etc", ""),
    ("etc/ld.so.conf.d", "ld.so.conf.d"),
    ("etc/nvidia", "nvidia"),
    ("usr/local/cuda/compat", "compat"),
];

/// How long the exchanges go on without a rest.
const BURST: Duration = Duration::from_millis(25);

/// Rests between them, in milliseconds: a hook that begins in one is disturbed somewhere on its way, and one
/// that begins in a long one comes through, as it must to be worth anything.
const RESTS: [u64; 7] = [0, 0, 1, 3, 10, 30, 250];

/// The image has the folders of the host as well, at the same path: links that are followed inside the
/// image lead there, and the hook goes on.
const IMAGE: &str = "mkdir -p etc/nvidia usr/local/cuda/compat srv; cp -a $HOST srv/";

/// Namespaces in which a hook is called: those of a container of root, and of one with users of its own.
const NAMESPACES: [(&str, &[&str]); 2] = [
    ("fused hook", &["unshare", "-m", "--propagation", "slave"]),
    ("fused hook in a user namespace", &["unshare", "-U", "-r", "-m", "--propagation", "slave"]),
];

/// The hook, between two looks at the mount table.
const OBSERVED: &str = "cat /proc/self/mountinfo; echo; nvidia-cdi-hook \"$@\"; ended=$?
    cat /proc/self/mountinfo; exit $ended";

/// Runs all races.
pub(super) fn run(job: &Job, thorough: bool, runtimes: &[&str], ledger: &mut Ledger) -> Result<()> {
    let rounds = |short| if thorough { THOROUGH } else { short };
    for (name, namespace) in NAMESPACES {
        record(ledger, name, rounds(400), |count| fused(job, count, namespace))?;
    }
    record(ledger, "prestart hook", rounds(150), |count| prestart(job, count))?;
    for runtime in runtimes {
        let name = format!("start of a container by {runtime}");
        record(ledger, &name, rounds(40), |count| starts(job, count, runtime))?;
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
        Ok(tally) => format!("{rounds} rounds, {} well, {} exchanges", tally.well, tally.exchanges),
        Err(_) => "a race".to_owned(),
    };
    eprintln!("  race: {hook}: {case}");
    let judged = ended.and_then(|tally| tally.judge());
    ledger.record(Check::new(&format!("race, {hook}"), &case, started.elapsed().as_secs_f64(), judged))
}

/// What came of the rounds.
#[derive(Debug, Default)]
struct Tally {
    well: usize,
    refused: usize,
    exchanges: u64,
}

impl Tally {
    fn count(&mut self, round: &std::process::Output) -> Result<()> {
        match round.status.code() {
            Some(0) => self.well += 1,
            Some(1) => self.refused += 1,
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

/// The fused hook, called as an OCI runtime does, with the arguments that the shim gave it.
fn fused(job: &Job, rounds: usize, namespace: &[&str]) -> Result<Tally> {
    let container = Container::make(job, Way::Fused, NOTHING, IMAGE, &[])?;
    let arguments = container.fused_arguments()?;
    let state = state(&container.bundle, 0);
    let root = container.bundle.path.join("rootfs");
    let before = Host::now()?;
    let swapper = Swapper::start(&root)?;
    let mut tally = Tally::default();
    for round in 0..rounds {
        let mut hook = command(namespace);
        let ended = call(hook.args(["sh", "-c", OBSERVED, "sh"]).args(&arguments), &state)?;
        tally.count(&ended)?;
        let tables = String::from_utf8_lossy(&ended.stdout);
        let (known, now) =
            tables.split_once("\n\n").ok_or_else(|| Failure::new(super::place::said(&ended)))?;
        must_lie_below(&root, known, now)?;
        if round % 500 == 499 {
            before.must_be_untouched()?;
        }
    }
    tally.exchanges = swapper.stop();
    before.must_be_untouched()?;
    container.remove()?;
    Ok(tally)
}

/// The prestart hook, called for a process in a mount namespace of its own.
fn prestart(job: &Job, rounds: usize) -> Result<Tally> {
    let container = Container::make(job, Way::Prestart, NOTHING, IMAGE, &[])?;
    container.without_cgroups()?;
    let root = container.bundle.path.join("rootfs");
    let before = Host::now()?;
    let swapper = Swapper::start(&root)?;
    let mut tally = Tally::default();
    for round in 0..rounds {
        let mut process = Namespace::start("slave")?;
        let known = process.mounts()?;
        let state = state(&container.bundle, process.child.id());
        let mut hook = command(["/usr/bin/nvidia-container-runtime-hook", "prestart"]);
        tally.count(&call(hook.env_clear().env("PATH", "/usr/bin:/bin"), &state)?)?;
        must_lie_below(&root, &known, &process.mounts()?)?;
        process.end()?;
        if round % 100 == 99 {
            before.must_be_untouched()?;
        }
    }
    tally.exchanges = swapper.stop();
    before.must_be_untouched()?;
    container.remove()?;
    Ok(tally)
}

/// Whole starts through the shim under a real low-level runtime.
fn starts(job: &Job, rounds: usize, runtime: &str) -> Result<Tally> {
    let container = Container::make(job, Way::Fused, runtime, IMAGE, &[])?;
    let config = container.bundle.config_bytes()?;
    let before = Host::now()?;
    let swapper = Swapper::start(&container.bundle.path.join("rootfs"))?;
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

/// Every new mount lies in the image.
fn must_lie_below(root: &Path, known: &str, now: &str) -> Result<()> {
    let point = |line: &str| line.split(' ').nth(4).unwrap_or_default().to_owned();
    let outside = |line: &&str| !known.contains(*line) && !Path::new(&point(line)).starts_with(root);
    match now.lines().find(outside) {
        None => Ok(()),
        Some(line) => Err(Failure::new(format!("a mount lies outside of the image: {line}"))),
    }
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

/// A folder, held by its parent, and the link that takes its place.
struct Pair {
    parent: OwnedFd,
    name: String,
    link: String,
}

impl Pair {
    fn make(root: &Path, folder: &str, target: &str) -> Result<Self> {
        let path = root.join(folder);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let link = format!("{name}.link");
        symlink(Path::new(VICTIM).join(target), path.with_file_name(&link))
            .with_context(|| format!("cannot make a link beside {}", path.display()))?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let parent = open(path.parent().unwrap_or(root), flags, Mode::empty())
            .with_context(|| format!("cannot open the parent of {}", path.display()))?;
        Ok(Self { parent, name, link })
    }

    fn exchange(&self) {
        // A hook that makes the folder anew in between may be in the way once.
        let _ = renameat_with(&self.parent, &self.name, &self.parent, &self.link, RenameFlags::EXCHANGE);
    }
}

/// Exchanges all pairs in turn until it is stopped.
struct Swapper {
    over: Arc<AtomicBool>,
    exchanges: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Swapper {
    fn start(root: &Path) -> Result<Self> {
        let pairs: Vec<Pair> =
            SWAPPED.iter().map(|(folder, target)| Pair::make(root, folder, target)).collect::<Result<_>>()?;
        let (over, exchanges) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (seen, count) = (Arc::clone(&over), Arc::clone(&exchanges));
        let thread = thread::spawn(move || {
            for rest in RESTS.iter().cycle() {
                let burst = Instant::now();
                while burst.elapsed() < BURST && !seen.load(Ordering::Relaxed) {
                    for pair in &pairs {
                        // There and back, twice: the hook meets each state at any of its calls.
                        (0..4).for_each(|_| pair.exchange());
                    }
                    count.fetch_add(4 * pairs.len() as u64, Ordering::Relaxed);
                }
                if seen.load(Ordering::Relaxed) {
                    break;
                }
                thread::sleep(Duration::from_millis(*rest));
            }
        });
        Ok(Self { over, exchanges, thread: Some(thread) })
    }

    /// Stops, with every folder back in its place; gives the number of exchanges.
    fn stop(self) -> u64 {
        self.exchanges.load(Ordering::Relaxed)
    }
}

impl Drop for Swapper {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // The thread has nothing to say that a failed check would not say better.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_outside_of_the_image_is_seen() {
        let known = "1 0 0:1 / / rw\n2 1 0:2 / /srv/victim rw\n";
        let inside = format!("{known}3 1 0:3 / /b/rootfs/usr/lib/libcuda.so.1 ro\n");
        assert!(must_lie_below(Path::new("/b/rootfs"), known, &inside).is_ok());
        for outside in ["/srv/victim/libcuda.so.1", "/b/rootfs2", "/b"] {
            let now = format!("{inside}4 1 0:3 / {outside} ro\n");
            assert!(must_lie_below(Path::new("/b/rootfs"), known, &now).is_err(), "{outside}");
        }
    }
}
