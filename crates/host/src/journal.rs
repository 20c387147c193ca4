//! The journal: what was changed on this machine, with all that is needed to take it back.

use crate::codes;
use crate::errors::cannot_change;
use crate::host_mut::HostMut;
use crate::replace::Parent;
use diag::{Failure, Result, ResultExt};
use plan::Plan;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

/// Version of the files, raised when old programs could not read new ones: 2 knows `settle`.
const FORMAT: u32 = 2;

/// How far a change came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Begun; if no process is at work on it, it was interrupted.
    Begun,
    /// Carried out.
    Done,
    /// Taken back by `undo`.
    Undone,
    /// A step failed and all was taken back.
    TakenBack,
    /// A step failed and not all could be taken back.
    HalfDone,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Version of this file's format.
    pub format: u32,
    /// Its name: a number that grows from change to change.
    pub id: String,
    /// When it was begun, in seconds since 1970.
    pub time: u64,
    /// How far it came.
    pub state: State,
    /// Steps carried out so far.
    pub completed: usize,
    /// Directories that did not exist before, the uppermost first.
    pub made_directories: Vec<String>,
    /// Mode and owner of files that the change removes, by path.
    pub removed: Vec<Removed>,
    /// The change itself, with what was there before.
    pub plan: Plan,
}

/// What every version of an entry has.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// Attributes of a file that a change removes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Path of the file.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// Owning user and group.
    pub owner: (u32, u32),
    /// Text of the link, if it was one.
    pub link: Option<String>,
}

/// The journal of one host.
pub(crate) struct Journal<'host> {
    host: &'host HostMut,
    directory: &'host str,
}

/// Held while a change is at work: there is one at a time.
pub(crate) struct Held(
    #[expect(dead_code, reason = "held for its lock, which ends when it is dropped")] Parent,
);

impl<'host> Journal<'host> {
    pub(crate) fn new(host: &'host HostMut, directory: &'host str) -> Self {
        Self { host, directory }
    }

    /// Makes the journal's directory and waits for the lock on it.
    pub(crate) fn hold(&self) -> Result<Held> {
        self.host.make_directories(self.directory)?;
        let real = self.host.real(self.directory, true)?.unwrap_or_default();
        let directory = Parent::open(&real)?;
        flock(directory.descriptor(), FlockOperation::LockExclusive)
            .map_err(|cause| cannot_change("lock", self.directory, cause))?;
        Ok(Held(directory))
    }

    /// Writes down a new change, before it begins.
    pub(crate) fn begin(
        &self,
        plan: &Plan,
        made_directories: Vec<String>,
        removed: Vec<Removed>,
    ) -> Result<Entry> {
        let last = self.numbers()?.into_iter().max().unwrap_or(0);
        let time = self.host.now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
        let entry = Entry {
            format: FORMAT,
            id: (last + 1).to_string(),
            time,
            state: State::Begun,
            completed: 0,
            made_directories,
            removed,
            plan: plan.clone(),
        };
        self.store(&entry)?;
        Ok(entry)
    }

    /// Writes an entry down again.
    pub(crate) fn store(&self, entry: &Entry) -> Result<()> {
        let bytes = serde_json::to_vec(entry).context("cannot encode a journal entry")?;
        // Before-contents may hold secrets of engine configurations: for root alone.
        self.host.write_atomic(&self.path(&entry.id), &bytes, 0o600)
    }

    pub(crate) fn load(&self, id: &str) -> Result<Entry> {
        let number: u64 = id.parse().map_err(|_cause| no_entry(id))?;
        let bytes = self.host.read_optional(&self.path(&number.to_string()))?.ok_or_else(|| no_entry(id))?;
        let unreadable = |cause| {
            Failure::coded(codes::NO_JOURNAL_ENTRY, format!("journal entry {id} cannot be read"))
                .caused_by(cause)
        };
        // First the format alone: what a newer program wrote may have steps of kinds unknown here.
        let Format { format } = serde_json::from_slice(&bytes).map_err(unreadable)?;
        if (1..=FORMAT).contains(&format) {
            return serde_json::from_slice(&bytes).map_err(unreadable);
        }
        Err(Failure::coded(codes::NO_JOURNAL_ENTRY, format!("journal entry {id} has format {format}"))
            .hint(format!("this program knows formats up to {FORMAT}: use the version that made the change")))
    }

    pub(crate) fn entries(&self) -> Result<Vec<Entry>> {
        let mut numbers = self.numbers()?;
        numbers.sort_unstable();
        numbers.iter().map(|number| self.load(&number.to_string())).collect()
    }

    fn numbers(&self) -> Result<Vec<u64>> {
        let entries = self.host.list_optional(self.directory)?.unwrap_or_default();
        Ok(entries.iter().filter_map(|entry| entry.name.strip_suffix(".json")?.parse().ok()).collect())
    }

    fn path(&self, id: &str) -> String {
        format!("{}/{id}.json", self.directory)
    }
}

fn no_entry(id: &str) -> Failure {
    Failure::coded(codes::NO_JOURNAL_ENTRY, format!("there is no journal entry {id:?}"))
}
