//! The reading side of the trusted world.

use crate::environment::Environment;
use crate::file::File;
use crate::live::Live;
use crate::recorded::Recorded;
use crate::socket;
use crate::stat::{Entry, Stat};
use diag::{Failure, Result, ResultExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What [`Host::read`] reads at most: 64 MiB.
const READ_LIMIT: usize = 64 * 1024 * 1024;

/// A machine that can be looked at: this one, a directory taken as the root of one, or a recording.
///
/// All paths are absolute and mean a place below the host's root; symbolic links are resolved
/// inside it. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Host {
    world: World,
    environment: Arc<Environment>,
}

#[derive(Clone, Debug)]
enum World {
    Live(Live),
    Recorded(Arc<Recorded>, String),
}

impl Host {
    /// This machine, with the environment of this process. Made at an entry point only.
    #[must_use]
    pub fn live() -> Self {
        Self { world: World::Live(Live::at("/")), environment: Arc::new(Environment::live()) }
    }

    /// The machine whose root is the directory `root`, with an empty environment.
    #[must_use]
    pub fn at(root: impl AsRef<Path>) -> Self {
        let root = root.as_ref().to_string_lossy();
        Self { world: World::Live(Live::at(&root)), environment: Arc::default() }
    }

    /// A recorded machine: `tree/` holds files, `nodes.tsv` describes what a checkout cannot hold
    /// (device nodes, sockets, owners, libraries by their SONAME). The format is described in
    /// `fixtures/hosts/README.md`.
    ///
    /// # Errors
    /// When the folder cannot be read or a line of `nodes.tsv` is not understood.
    pub fn recorded(folder: impl AsRef<Path>) -> Result<Self> {
        let recorded = Recorded::load(folder.as_ref())?;
        Ok(Self { world: World::Recorded(Arc::new(recorded), String::new()), environment: Arc::default() })
    }

    /// The same host with another environment.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.environment = Arc::new(environment);
        self
    }

    /// The same machine seen from the directory `root`, as after a `chroot`.
    ///
    /// # Errors
    /// When `root` cannot be resolved.
    pub fn below(&self, root: &str) -> Result<Self> {
        if root.trim_matches('/').is_empty() {
            return Ok(self.clone());
        }
        let world = match &self.world {
            World::Live(live) => {
                World::Live(Live::at(&format!("{}{}", live.prefix(), live.canonical(absolute(root)?, true)?)))
            }
            World::Recorded(recorded, prefix) => {
                World::Recorded(Arc::clone(recorded), recorded.canonical(prefix, absolute(root)?, true)?)
            }
        };
        Ok(Self { world, environment: Arc::clone(&self.environment) })
    }

    /// The directory that is this host's root, as this process sees it; for a recording the
    /// directory inside the recording.
    #[must_use]
    pub fn root(&self) -> &str {
        let prefix = match &self.world {
            World::Live(live) => live.prefix(),
            World::Recorded(_, prefix) => prefix,
        };
        if prefix.is_empty() { "/" } else { prefix }
    }

    /// The environment of the process that asked.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Whether this is the running machine itself and not a directory or a recording.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(&self.world, World::Live(live) if live.prefix().is_empty())
    }

    /// The content of a file of up to 64 MiB.
    ///
    /// # Errors
    /// When it is missing, longer, or cannot be read.
    pub fn read(&self, path: &str) -> Result<Vec<u8>> {
        self.read_limited(path, READ_LIMIT)
    }

    /// The content of a file of up to `limit` bytes.
    ///
    /// # Errors
    /// When it is missing, longer, or cannot be read.
    pub fn read_limited(&self, path: &str, limit: usize) -> Result<Vec<u8>> {
        self.read_optional_limited(path, limit)?.ok_or_else(|| missing(path))
    }

    /// The content of a text file of up to 64 MiB.
    ///
    /// # Errors
    /// When it is missing, longer, not UTF-8, or cannot be read.
    pub fn read_text(&self, path: &str) -> Result<String> {
        text(path, self.read(path)?)
    }

    /// The content of a file of up to 64 MiB; `None` when there is no such file.
    ///
    /// # Errors
    /// When it is longer or cannot be read.
    pub fn read_optional(&self, path: &str) -> Result<Option<Vec<u8>>> {
        self.read_optional_limited(path, READ_LIMIT)
    }

    /// The content of a text file of up to 64 MiB; `None` when there is no such file.
    ///
    /// # Errors
    /// When it is longer, not UTF-8, or cannot be read.
    pub fn read_text_optional(&self, path: &str) -> Result<Option<String>> {
        self.read_optional(path)?.map(|bytes| text(path, bytes)).transpose()
    }

    /// The content of a file of up to `limit` bytes; `None` when there is no such file.
    ///
    /// # Errors
    /// When it is longer or cannot be read.
    pub fn read_optional_limited(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        self.open(path)?.map(|file| file.read_limited(limit)).transpose()
    }

    /// Up to `length` bytes of a file from `offset`; fewer only at its end.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub fn read_range(&self, path: &str, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.open(path)?.ok_or_else(|| missing(path))?.read_at(offset, length)
    }

    /// Opens a file to read at chosen places; `None` when there is no such file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&self, path: &str) -> Result<Option<File>> {
        match &self.world {
            World::Live(live) => live.open(absolute(path)?),
            World::Recorded(recorded, prefix) => {
                let bytes = recorded.read(prefix, absolute(path)?)?;
                Ok(bytes.map(|bytes| File::recorded(bytes, path.to_owned())))
            }
        }
    }

    /// The entries of a directory, sorted by name. Kinds are those of the entries themselves: links
    /// are not followed.
    ///
    /// # Errors
    /// When it is missing or cannot be read.
    pub fn list(&self, path: &str) -> Result<Vec<Entry>> {
        self.list_optional(path)?.ok_or_else(|| missing(path))
    }

    /// Like [`Host::list`]; `None` when there is no such directory.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn list_optional(&self, path: &str) -> Result<Option<Vec<Entry>>> {
        match &self.world {
            World::Live(live) => live.list(absolute(path)?),
            World::Recorded(recorded, prefix) => recorded.list(prefix, absolute(path)?),
        }
    }

    /// Attributes of what `path` leads to; `None` when nothing is there.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn stat(&self, path: &str) -> Result<Option<Stat>> {
        self.attributes(path, true)
    }

    /// Attributes of `path` itself, a last link not followed; `None` when nothing is there.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn lstat(&self, path: &str) -> Result<Option<Stat>> {
        self.attributes(path, false)
    }

    fn attributes(&self, path: &str, follow: bool) -> Result<Option<Stat>> {
        match &self.world {
            World::Live(live) => live.stat(absolute(path)?, follow),
            World::Recorded(recorded, prefix) => recorded.stat(prefix, absolute(path)?, follow),
        }
    }

    /// Whether `path` leads to something; `false` also when the system cannot tell.
    #[must_use]
    pub fn exists(&self, path: &str) -> bool {
        matches!(self.stat(path), Ok(Some(_)))
    }

    /// The text of a symbolic link; `None` when nothing is there or it is no link.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn read_link(&self, path: &str) -> Result<Option<String>> {
        match &self.world {
            World::Live(live) => live.read_link(absolute(path)?),
            World::Recorded(recorded, prefix) => recorded.read_link(prefix, absolute(path)?),
        }
    }

    /// The canonical path inside the root: all links resolved.
    ///
    /// # Errors
    /// When it does not exist or goes through too many links.
    pub fn resolve(&self, path: &str) -> Result<String> {
        let canonical = self.resolve_lenient(path)?;
        if self.lstat(&canonical)?.is_none() { Err(missing(path)) } else { Ok(canonical) }
    }

    /// Like [`Host::resolve`] for a path whose end may be missing: what would be created there.
    pub(crate) fn resolve_lenient(&self, path: &str) -> Result<String> {
        match &self.world {
            World::Live(live) => live.canonical(absolute(path)?, true),
            World::Recorded(recorded, prefix) => {
                let full = recorded.canonical(prefix, absolute(path)?, true)?;
                Ok(full.get(prefix.len()..).filter(|path| !path.is_empty()).unwrap_or("/").to_owned())
            }
        }
    }

    /// The path by which this process itself reaches `path`, all links but a last one resolved;
    /// `None` for a recording.
    pub(crate) fn real(&self, path: &str, follow: bool) -> Result<Option<String>> {
        match &self.world {
            World::Live(live) => live.real(absolute(path)?, follow).map(Some),
            World::Recorded(..) => Ok(None),
        }
    }

    /// Connects to a Unix socket; reads and writes then give up after `timeout` as well.
    ///
    /// # Errors
    /// When nothing listens there within `timeout`, or this host is a recording.
    pub fn connect(&self, path: &str, timeout: Duration) -> Result<UnixStream> {
        let real =
            self.real(path, true)?.ok_or_else(|| Failure::new("a recorded host has no listening sockets"))?;
        socket::connect(&real, timeout).with_context(|| format!("cannot connect to {path}"))
    }

    /// The effective user of this process; root for a recording.
    #[must_use]
    pub fn uid(&self) -> u32 {
        match &self.world {
            World::Live(_) => rustix::process::geteuid().as_raw(),
            World::Recorded(..) => 0,
        }
    }

    /// The time; the start of 1970 for a recording.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        match &self.world {
            World::Live(_) => SystemTime::now(),
            World::Recorded(..) => SystemTime::UNIX_EPOCH,
        }
    }
}

fn absolute(path: &str) -> Result<&str> {
    if path.starts_with('/') && !path.contains('\0') {
        return Ok(path);
    }
    Err(Failure::new(format!("{path:?} is not an absolute path")))
}

fn missing(path: &str) -> Failure {
    Failure::new(format!("{path} does not exist"))
}

fn text(path: &str, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).with_context(|| format!("{path} is not UTF-8 text"))
}
