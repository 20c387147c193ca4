//! The writing side of the trusted world.

use crate::apply;
use crate::codes;
use crate::errors::{cannot_change, is_absent};
use crate::host::Host;
use crate::journal::{Entry, Journal};
use crate::receipt::Receipt;
use crate::replace::{Attributes, Parent};
use diag::{Failure, Result};
use plan::Plan;
use rustix::fs::{self, AtFlags, CWD, Mode};
use rustix::io::Errno;
use std::ops::Deref;

/// Whether a file must survive a loss of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Content and name are on the disk when the call returns.
    Synced,
    /// Other processes see the old or the new file at any moment; a loss of power may take either.
    /// For what is made anew after a restart anyway, such as a container's bundle.
    Volatile,
}

/// A [`Host`] that can also be changed. Made at entry points only, by those told to change something.
#[derive(Clone, Debug)]
pub struct HostMut {
    host: Host,
    journal_dir: String,
}

impl Deref for HostMut {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.host
    }
}

impl HostMut {
    /// The right to change `host`; what plans change is written down in the directory `journal_dir`
    /// of that host (usually [`crate::JOURNAL_DIR`]).
    #[must_use]
    pub fn new(host: Host, journal_dir: impl Into<String>) -> Self {
        Self { host, journal_dir: journal_dir.into() }
    }

    /// Carries out a plan: all of it, or, when a step fails, nothing (steps already done are taken
    /// back). Before the first step it is checked that everything is as the plan expects; the
    /// journal gets its entry before anything changes.
    ///
    /// # Errors
    /// When the machine is not as the plan expects ([`codes::DRIFT`]), a step fails, or the plan is
    /// only to be shown.
    pub fn apply(&self, plan: &Plan) -> Result<Receipt> {
        apply::apply(self, plan)
    }

    /// Takes back the change of a journal entry.
    ///
    /// # Errors
    /// When there is no such entry, or something was changed since ([`codes::DRIFT`]): then nothing
    /// is taken back.
    pub fn undo(&self, id: &str) -> Result<Receipt> {
        apply::undo(self, id)
    }

    /// The changes written down in the journal, oldest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn journal_entries(&self) -> Result<Vec<Entry>> {
        self.journal().entries()
    }

    pub(crate) fn journal(&self) -> Journal<'_> {
        Journal::new(self, &self.journal_dir)
    }

    /// Replaces or creates a file so that at any moment the old or the new one is there, on the disk
    /// when this returns. A file that is there keeps its mode, owner and label; a new one gets `mode`
    /// and its missing directories are made with mode 755. If `path` is a symbolic link, the file that
    /// it leads to is replaced.
    ///
    /// # Errors
    /// When it cannot be written ([`codes::CANNOT_WRITE`]); the old file is untouched.
    pub fn write_atomic(&self, path: &str, bytes: &[u8], mode: u32) -> Result<()> {
        self.write_with(path, bytes, mode, Durability::Synced)
    }

    /// Like [`HostMut::write_atomic`], without waiting for the disk if so wanted.
    ///
    /// # Errors
    /// When it cannot be written; the old file is untouched.
    pub fn write_with(&self, path: &str, bytes: &[u8], mode: u32, durability: Durability) -> Result<()> {
        let target = self.host.resolve_lenient(path)?;
        let (parent, name) = self.parent_of(&target)?;
        parent.replace(&name, bytes, Attributes::Kept(mode), durability)
    }

    /// Removes a file or link, without the journal: for what can be made again at any time.
    ///
    /// # Errors
    /// When it cannot be removed, or is not there.
    pub fn remove_file(&self, path: &str) -> Result<()> {
        self.remove(path)
    }

    /// Puts a removed file back with the mode and owner that it had.
    pub(crate) fn restore(&self, path: &str, bytes: &[u8], mode: u32, owner: (u32, u32)) -> Result<()> {
        let (parent, name) = self.parent_of(&self.place(path)?)?;
        parent.replace(&name, bytes, Attributes::Fresh(mode, Some(owner)), Durability::Synced)
    }

    /// Makes a directory and those above it that are missing, with mode 755; gives those it made,
    /// the uppermost first.
    ///
    /// # Errors
    /// When one cannot be made.
    pub fn make_directories(&self, path: &str) -> Result<Vec<String>> {
        let missing = self.missing_directories(path)?;
        for directory in &missing {
            let (real, mode) = (self.real_path(directory)?, Mode::from_raw_mode(0o755));
            // The second call because the umask takes bits from the first.
            match fs::mkdirat(CWD, &real, mode).and_then(|()| fs::chmodat(CWD, &real, mode, AtFlags::empty()))
            {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(cause) => return Err(cannot_change("make directory", directory, cause)),
            }
        }
        Ok(missing)
    }

    /// The directories on the way to `path`, itself included, that do not exist.
    pub(crate) fn missing_directories(&self, path: &str) -> Result<Vec<String>> {
        let mut missing = Vec::new();
        let mut here = self.host.resolve_lenient(path)?;
        while here != "/" && self.host.stat(&here)?.is_none() {
            missing.push(here.clone());
            here = directory_of(&here).to_owned();
        }
        missing.reverse();
        Ok(missing)
    }

    /// The real path of a file that may be missing; its directories are made.
    pub(crate) fn writable_path(&self, path: &str) -> Result<String> {
        let target = self.host.resolve_lenient(path)?;
        self.make_directories(directory_of(&target))?;
        self.real_path(&target)
    }

    /// Makes or replaces a symbolic link.
    pub(crate) fn link(&self, path: &str, target: &str) -> Result<()> {
        let (parent, name) = self.parent_of(&self.place(path)?)?;
        parent.link(&name, target)
    }

    /// Removes a file or link.
    pub(crate) fn remove(&self, path: &str) -> Result<()> {
        let (parent, name) = self.parent_of(&self.place(path)?)?;
        parent.remove(&name)
    }

    /// Removes a directory if it is empty; says whether it did.
    pub(crate) fn remove_empty_directory(&self, path: &str) -> Result<bool> {
        match fs::unlinkat(CWD, self.real_path(path)?, AtFlags::REMOVEDIR) {
            Ok(()) => Ok(true),
            Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
            Err(cause) if is_absent(cause) => Ok(false),
            Err(cause) => Err(cannot_change("remove directory", path, cause)),
        }
    }

    /// `path` with the links of its directory resolved, but not a link at its end.
    fn place(&self, path: &str) -> Result<String> {
        let directory = self.host.resolve_lenient(directory_of(path))?;
        Ok(format!("{}/{}", directory.trim_end_matches('/'), name_of(path)?))
    }

    fn parent_of(&self, canonical: &str) -> Result<(Parent, String)> {
        let directory = directory_of(canonical);
        let name = name_of(canonical)?.to_owned();
        self.make_directories(directory)?;
        Ok((Parent::open(&self.real_path(directory)?)?, name))
    }

    fn real_path(&self, canonical: &str) -> Result<String> {
        let unchangeable = || Failure::coded(codes::NOT_CHANGEABLE, "a recorded host cannot be changed");
        self.host.real(canonical, false)?.ok_or_else(unchangeable)
    }
}

fn directory_of(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((directory, _)) if !directory.is_empty() => directory,
        _ => "/",
    }
}

fn name_of(path: &str) -> Result<&str> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.is_empty() || name == "." || name == ".." {
        return Err(Failure::coded(codes::CANNOT_WRITE, format!("{path:?} does not name a file")));
    }
    Ok(name)
}
