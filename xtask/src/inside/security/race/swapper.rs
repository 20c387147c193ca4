//! The one who exchanges files and folders of the image with links to the host, as fast as it can.

use super::rounds::{open_folder, parent_of};
use crate::inside::security::place::VICTIM;
use diag::{Result, ResultExt};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::fs::{CWD, RenameFlags, readlinkat, renameat_with, symlinkat};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long the exchanges go on without a rest.
const BURST: Duration = Duration::from_millis(8);

/// Rests between them, in milliseconds: a hook that begins in one is disturbed somewhere on its way, and one
/// that begins in a long one comes through, as it must to be worth anything.
const RESTS: [u64; 7] = [0, 1, 3, 8, 15, 30, 60];

/// Rests between the start of a program and the burst that is meant for it.
const DELAYS: [u64; 4] = [0, 1, 2, 4];

/// How long the start of a program is waited for before the end is looked for again, in nanoseconds.
const WAIT: i64 = 20_000_000;

/// Rests between the exchanges of a burst, in microseconds: most of a hook's calls take less.
const PAUSES: [u64; 5] = [0, 0, 30, 100, 300];

/// How many paths are exchanged in one burst; the next burst takes the next ones.
const AT_A_TIME: usize = 6;

/// The copy of the image's folders on the host that links lead to, so that a hook that follows one finds
/// its way; the image has it at the same path.
pub(super) fn mirror() -> PathBuf {
    Path::new(VICTIM).join("mirror")
}

/// A file or folder of the image, held by its parent, and the link that takes its place.
struct Pair {
    parent: OwnedFd,
    name: String,
    link: String,
    text: PathBuf,
}

impl Pair {
    fn find(root: &OwnedFd, path: &Path) -> Option<Self> {
        let (parent, name) = parent_of(root, path)?;
        let pair = Self {
            parent,
            name: name.to_owned(),
            link: format!("{name}.swapped"),
            text: mirror().join(path),
        };
        // It is there from an earlier burst, unless a hook has taken it for its own.
        let _ = symlinkat(&pair.text, &pair.parent, &pair.link);
        Some(pair)
    }

    fn exchange(&self) {
        let rename = |from: &str, to: &str, flags| renameat_with(&self.parent, from, &self.parent, to, flags);
        if rename(&self.name, &self.link, RenameFlags::EXCHANGE).is_ok() {
            return;
        }
        // What the hook has yet to make: the link is there for a moment, where no hook has replaced it.
        if rename(&self.link, &self.name, RenameFlags::NOREPLACE).is_err() && self.is_link() {
            let _ = rename(&self.name, &self.link, RenameFlags::NOREPLACE);
        }
    }

    /// Puts everything back in its place.
    fn settle(&self) {
        if !self.is_link() {
            return;
        }
        let rename = |flags| renameat_with(&self.parent, &self.name, &self.parent, &self.link, flags);
        if rename(RenameFlags::NOREPLACE).is_err() {
            let _ = rename(RenameFlags::EXCHANGE);
        }
    }

    fn is_link(&self) -> bool {
        let text = readlinkat(&self.parent, &self.name, Vec::new());
        text.is_ok_and(|text| Path::new(text.to_string_lossy().as_ref()) == self.text)
    }
}

/// Exchanges all of these paths in turn until it is stopped.
pub(super) struct Swapper {
    over: Arc<AtomicBool>,
    exchanges: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Swapper {
    /// Starts; the paths lie below the root. From the start of this program on bursts come one after the other,
    /// with rests.
    pub(super) fn start_after(root: &Path, paths: &[PathBuf], program: &Path) -> Result<Self> {
        let bursts = paths.chunks(AT_A_TIME).map(<[PathBuf]>::to_vec);
        Self::start(root, bursts.collect(), Starts::watch(program)?, &RESTS)
    }

    /// Starts; each burst begins when this program does, which is a small part of what goes on, and is for one
    /// path and the folder that holds it: the fewer there are, the longer each of them is a link.
    pub(super) fn start_at(root: &Path, paths: Vec<PathBuf>, program: &Path) -> Result<Self> {
        let folder = |path: &PathBuf| path.parent().filter(|folder| *folder != "").map(Path::to_owned);
        let bursts = paths.into_iter().map(|path| folder(&path).into_iter().chain([path]).collect());
        Self::start(root, bursts.collect(), Starts::watch(program)?, &DELAYS)
    }

    fn start(root: &Path, bursts: Vec<Vec<PathBuf>>, starts: Starts, rests: &'static [u64]) -> Result<Self> {
        let root = open_folder(CWD, root)?;
        let (over, exchanges) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (seen, count) = (Arc::clone(&over), Arc::clone(&exchanges));
        let thread = thread::spawn(move || {
            starts.wait(&seen);
            let bursts = bursts.iter().cycle().zip(rests.iter().cycle());
            for (burst, rest) in bursts.take_while(|_| !seen.load(Ordering::Relaxed)) {
                let pairs: Vec<Pair> = burst.iter().filter_map(|path| Pair::find(&root, path)).collect();
                if rests == DELAYS {
                    starts.wait(&seen);
                }
                thread::sleep(Duration::from_millis(*rest));
                exchange(&pairs, &seen, &count);
            }
        });
        Ok(Self { over, exchanges, thread: Some(thread) })
    }

    /// Stops, with everything back in its place; gives the number of exchanges.
    pub(super) fn stop(self) -> u64 {
        self.exchanges.load(Ordering::Relaxed)
    }
}

/// The starts of a program: the kernel opens its file.
struct Starts {
    events: OwnedFd,
}

impl Starts {
    fn watch(program: &Path) -> Result<Self> {
        let events =
            inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).context("cannot watch files")?;
        inotify::add_watch(&events, program, WatchFlags::OPEN)
            .with_context(|| format!("cannot watch {}", program.display()))?;
        Ok(Self { events })
    }

    /// Returns at the next start, or when all is over.
    fn wait(&self, over: &AtomicBool) {
        self.forget();
        while !over.load(Ordering::Relaxed) {
            let mut polled = [PollFd::new(&self.events, PollFlags::IN)];
            if poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: WAIT })).is_ok_and(|ready| ready > 0) {
                return;
            }
        }
    }

    /// What has happened before this moment does not count.
    fn forget(&self) {
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut reader = Reader::new(&self.events, &mut buffer);
        while reader.next().is_ok() {}
    }
}

fn exchange(pairs: &[Pair], seen: &AtomicBool, count: &AtomicU64) {
    let started = Instant::now();
    for pause in PAUSES.iter().cycle() {
        if started.elapsed() > BURST || pairs.is_empty() || seen.load(Ordering::Relaxed) {
            break;
        }
        for pair in pairs {
            // There and back and there: the hook meets each change at any of its calls, and every other rest is one
            // with the link in place.
            (0..3).for_each(|_| pair.exchange());
        }
        count.fetch_add(3 * pairs.len() as u64, Ordering::Relaxed);
        if *pause > 0 {
            thread::sleep(Duration::from_micros(*pause));
        }
    }
    pairs.iter().for_each(Pair::settle);
}

impl Drop for Swapper {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // The thread has nothing to say that a failed check would not say better.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
