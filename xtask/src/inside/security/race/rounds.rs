//! The half of a race that runs where an OCI runtime calls a hook: it is given to the runtime as the hook,
//! and calls the real one many times, with the state that the runtime has handed over, in the namespaces
//! and with the rights that the runtime has made. So one start of a container is enough for any number of
//! rounds. Each round has a mount namespace of its own, a copy of the container's, and a look at it.

use super::{known, must_lie_below};
use crate::exec::{capture, command};
use crate::inside::security::place::{call, said};
use diag::{Failure, Result, ResultExt};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};
use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpid};
use rustix::thread::UnshareFlags;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Stands for the number of the container's process among the words of a hook that is not handed a state.
pub(super) const PROCESS: &str = "{pid}";

/// What is to be done; the program is given the path of the file that holds it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Rounds {
    /// The hook and its arguments.
    pub(super) words: Vec<String>,
    /// The same with fewer mounts and links, some for each folder: what rounds are made with, but for every
    /// so-manieth, since a kernel needs longer for one mount more than all else that happens to it.
    pub(super) few: Vec<String>,
    /// Whether the hook enters a container by its process, as the prestart hook does.
    pub(super) enters: bool,
    /// The image.
    pub(super) root: PathBuf,
    /// What an undisturbed hook makes in the image, below its root, deepest first: taken away before every
    /// fourth round, so that it is made again.
    pub(super) made: Vec<PathBuf>,
    /// A file of the image that the hook replaces, and what it was.
    pub(super) replaced: Vec<(PathBuf, Vec<u8>)>,
    /// How many.
    pub(super) count: usize,
    /// Where the report is written.
    pub(super) report: PathBuf,
}

/// How it went.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Report {
    pub(super) well: usize,
    pub(super) refused: usize,
    /// What the hook said when it refused last.
    pub(super) said: String,
    /// Why it went no further.
    pub(super) failure: Option<String>,
    pub(super) is_over: bool,
}

/// So many rounds go on at a time: hooks also meet what others of their kind are just making.
const LANES: usize = 3;

/// Every so-manieth round is one with all mounts.
const FULL: usize = 16;

const OWN_MOUNTS: &str = "/proc/thread-self/mountinfo";

/// How often the report is brought up to date.
const NEWS: Duration = Duration::from_secs(2);

/// Carries out the rounds described in a file, with the container's state on standard input.
pub(crate) fn carry_out(file: &Path) -> Result<()> {
    let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let rounds: Rounds = serde_json::from_slice(&text).context("cannot read what is to be done")?;
    let mut state = String::new();
    std::io::stdin().read_to_string(&mut state).context("the runtime hands over no state")?;
    let news = Mutex::new((Report::default(), Instant::now()));
    let next = AtomicUsize::new(0);
    let lanes: Vec<Result<()>> = thread::scope(|scope| {
        let lanes = [(); LANES].map(|()| scope.spawn(|| rounds.run(&state, &next, &news)));
        lanes.into_iter().map(|lane| lane.join().unwrap_or_else(|_| Err(panicked()))).collect()
    });
    let (mut report, _) = news.into_inner().map_err(|_poisoned| panicked())?;
    report.failure = lanes.into_iter().find_map(Result::err).map(|failure| failure.line());
    report.is_over = true;
    rounds.write(&report)?;
    // So that no container is made of it.
    Err(Failure::new("the rounds are over"))
}

fn panicked() -> Failure {
    Failure::new("a round panicked")
}

impl Rounds {
    /// One lane: takes the next round until there is none.
    fn run(&self, state: &str, next: &AtomicUsize, news: &Mutex<(Report, Instant)>) -> Result<()> {
        let root = open_folder(rustix::fs::CWD, &self.root)?;
        let mut holder = self.enters.then(|| Holder::start(state)).transpose()?;
        let known = known(&match &mut holder {
            None => mounts(OWN_MOUNTS)?,
            Some(holder) => mounts(&format!("/proc/{}/mountinfo", holder.next()?.0))?,
        });
        loop {
            let round = next.fetch_add(1, Ordering::Relaxed);
            if round >= self.count {
                return Ok(());
            }
            if round.is_multiple_of(4) {
                self.forget(&root);
            }
            let ended = match &mut holder {
                Some(holder) => self.enter_a_copy(round, holder, &known),
                None => thread::scope(|scope| {
                    let apart = scope.spawn(|| self.in_a_copy(round, state, &known));
                    apart.join().unwrap_or_else(|_| Err(panicked()))
                }),
            };
            let ended = ended.inspect_err(|_| next.store(self.count, Ordering::Relaxed))?;
            self.count(&ended, news)?;
        }
    }

    fn count(&self, ended: &Output, news: &Mutex<(Report, Instant)>) -> Result<()> {
        let mut news = news.lock().map_err(|_poisoned| panicked())?;
        let (report, written) = &mut *news;
        match ended.status.code() {
            Some(0) => report.well += 1,
            Some(1) => {
                report.refused += 1;
                report.said = said(ended);
            }
            _ => return Err(Failure::new(format!("a round ended with {}", said(ended)))),
        }
        if written.elapsed() > NEWS {
            self.write(report)?;
            *written = Instant::now();
        }
        Ok(())
    }

    /// Calls the hook in a copy of this process's mount namespace, which ends with the calling thread.
    fn in_a_copy(&self, round: usize, state: &str, known: &HashSet<String>) -> Result<Output> {
        leave_mounts()?;
        let ended = self.call(round, None, state)?;
        must_lie_below(&self.root, known, &mounts(OWN_MOUNTS)?)?;
        Ok(ended)
    }

    /// Calls the hook for a process in a copy of the container's mount namespace.
    fn enter_a_copy(&self, round: usize, holder: &mut Holder, known: &HashSet<String>) -> Result<Output> {
        let (pid, state) = holder.next()?;
        let ended = self.call(round, Some(pid), &state)?;
        must_lie_below(&self.root, known, &mounts(&format!("/proc/{pid}/mountinfo"))?)?;
        Ok(ended)
    }

    fn call(&self, round: usize, pid: Option<u32>, state: &str) -> Result<Output> {
        let words = if round.is_multiple_of(FULL) { &self.words } else { &self.few };
        let pid = pid.map(|pid| pid.to_string()).unwrap_or_default();
        let words = words.iter().map(|word| word.replace(PROCESS, &pid));
        call(command(words).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), state)
    }

    /// Takes away what the round before has made, as far as no link is in the way just now.
    fn forget(&self, root: &OwnedFd) {
        for path in &self.made {
            let Some((parent, name)) = parent_of(root, path) else { continue };
            if unlinkat(&parent, name, AtFlags::empty()).is_err() {
                let _ = unlinkat(&parent, name, AtFlags::REMOVEDIR);
            }
        }
        for (path, bytes) in &self.replaced {
            let Some((parent, name)) = parent_of(root, path) else { continue };
            let _ = unlinkat(&parent, name, AtFlags::empty());
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            if let Ok(file) = openat(&parent, name, flags, Mode::from(0o644)) {
                let _ = fs::File::from(file).write_all(bytes);
            }
        }
    }

    fn write(&self, report: &Report) -> Result<()> {
        let text = serde_json::to_vec(report).context("cannot describe the report")?;
        let draft = self.report.with_extension("draft");
        fs::write(&draft, text)
            .and_then(|()| fs::rename(&draft, &self.report))
            .with_context(|| format!("cannot write {}", self.report.display()))
    }
}

/// The folder that holds a path below a folder, reached without following a link.
pub(super) fn parent_of<'a>(root: &OwnedFd, path: &'a Path) -> Option<(OwnedFd, &'a str)> {
    let mut folder = root.try_clone().ok()?;
    for part in path.parent()?.components() {
        folder = open_folder(&folder, Path::new(&part)).ok()?;
    }
    Some((folder, path.file_name()?.to_str()?))
}

pub(super) fn open_folder(parent: impl rustix::fd::AsFd, path: &Path) -> Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, path, flags, Mode::empty()).with_context(|| format!("cannot open {}", path.display()))
}

fn mounts(table: &str) -> Result<String> {
    fs::read_to_string(table).with_context(|| format!("cannot read {table}"))
}

/// Gives the calling thread a copy of its mount namespace.
#[expect(deprecated, reason = "the call is unsafe for shared descriptors only, which this flag leaves alone")]
fn leave_mounts() -> Result<()> {
    rustix::thread::unshare(UnshareFlags::NEWNS).context("cannot copy the mount namespace")
}

/// A process in the container's namespaces, which starts one process after the other, each in a copy of
/// the container's mount namespace, and leaves them to the one that called it.
struct Holder {
    state: serde_json::Value,
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
    process: Option<Pid>,
}

impl Holder {
    fn start(state: &str) -> Result<Self> {
        // The hook wants to know the process as a child of one that has called it.
        set_child_subreaper(Some(getpid())).context("cannot adopt processes")?;
        let state: serde_json::Value = serde_json::from_str(state).context("the state is not JSON")?;
        let pid = state["pid"].to_string();
        let namespace = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/user")).ok();
        let users: &[&str] = if namespace(&pid) == namespace("self") { &[] } else { &["--user"] };
        let own = std::env::current_exe().context("cannot find the path of this program")?;
        let mut child = command(["nsenter", "--target", &pid, "--mount"])
            .args(users)
            .arg(own)
            .args(["rounds", "hold"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot enter the container")?;
        let no_pipe = || Failure::new("no pipe");
        let asked = child.stdin.take().ok_or_else(no_pipe)?;
        let answers = BufReader::new(child.stdout.take().ok_or_else(no_pipe)?);
        Ok(Self { state, child, asked, answers, process: None })
    }

    /// The next process, and the container's state with it.
    fn next(&mut self) -> Result<(u32, String)> {
        self.end_process();
        writeln!(self.asked, "next").context("the process in the container is gone")?;
        let mut line = String::new();
        self.answers.read_line(&mut line).context("the process in the container is gone")?;
        let pid = line.trim().parse().context("the process in the container starts no other")?;
        self.process = Pid::from_raw(pid);
        self.state["pid"] = pid.into();
        Ok((pid.cast_unsigned(), self.state.to_string()))
    }

    /// Ends the process of the round before, which has become a child of this one.
    fn end_process(&mut self) {
        if let Some(pid) = self.process.take() {
            // It waits until it is ended.
            let _ = kill_process(pid, Signal::KILL);
            let _ = waitpid(Some(pid), WaitOptions::empty());
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.end_process();
        // It has said all that there is to say.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a process for each line of standard input.
pub(crate) fn hold() -> Result<()> {
    for _ in std::io::stdin().lines() {
        let started = thread::scope(|scope| scope.spawn(start_in_a_copy).join());
        print!("{}", started.unwrap_or_else(|_| Err(Failure::new("a thread panicked")))?);
        std::io::stdout().flush().context("nobody asks any more")?;
    }
    Ok(())
}

/// Gives the number of the process.
fn start_in_a_copy() -> Result<String> {
    leave_mounts()?;
    capture(&mut command(["sh", "-c", "sleep 600 >/dev/null 2>&1 & echo $!"]))
}
