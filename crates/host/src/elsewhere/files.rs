//! Reading files with what the standard library knows of every system.

use crate::environment::Environment;
use crate::stat::{Entry, Kind, Stat};
use diag::{Failure, Result, ResultExt};
use std::fs;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What [`Host::read`] reads at most: 64 MiB.
const READ_LIMIT: usize = 64 * 1024 * 1024;

/// The files of this system, or those below a directory. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Host {
    root: String,
    environment: Arc<Environment>,
}

/// An open file.
#[derive(Debug)]
pub struct File {
    file: fs::File,
    path: String,
}

impl Host {
    /// This system, with the environment of this process. Made at an entry point only.
    #[must_use]
    pub fn live() -> Self {
        Self { root: String::new(), environment: Arc::new(Environment::live()) }
    }

    /// The files below the directory `root`, with an empty environment.
    #[must_use]
    pub fn at(root: impl AsRef<Path>) -> Self {
        let root = root.as_ref().to_string_lossy().trim_end_matches('/').to_owned();
        Self { root, environment: Arc::default() }
    }

    /// The same files with another environment.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.environment = Arc::new(environment);
        self
    }

    /// The environment of the process that asked.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Whether these are the files of the system itself.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.root.is_empty()
    }

    /// The path by which this process itself reaches `path`.
    pub(super) fn real(&self, path: &str) -> String {
        format!("{}{path}", self.root)
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
        let Some(file) = self.open(path)? else { return Ok(None) };
        let bytes = file.read_at(0, limit.saturating_add(1))?;
        if bytes.len() > limit {
            return Err(Failure::new(format!("{path} is longer than {limit} bytes")));
        }
        Ok(Some(bytes))
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
        let file = there(fs::File::open(self.real(path)), "open", path)?;
        Ok(file.map(|file| File { file, path: path.to_owned() }))
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
        let Some(entries) = there(fs::read_dir(self.real(path)), "list", path)? else { return Ok(None) };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {path}"))?;
            let kind = entry.file_type().map_or(Kind::Unknown, kind);
            found.push(Entry { name: entry.file_name().to_string_lossy().into_owned(), kind });
        }
        found.sort();
        Ok(Some(found))
    }

    /// Attributes of what `path` leads to; `None` when nothing is there.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn stat(&self, path: &str) -> Result<Option<Stat>> {
        Ok(there(fs::metadata(self.real(path)), "look at", path)?.as_ref().map(attributes))
    }

    /// Attributes of `path` itself, a last link not followed; `None` when nothing is there.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn lstat(&self, path: &str) -> Result<Option<Stat>> {
        Ok(there(fs::symlink_metadata(self.real(path)), "look at", path)?.as_ref().map(attributes))
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
        match self.lstat(path)? {
            Some(stat) if stat.kind == Kind::Link => {
                let target = there(fs::read_link(self.real(path)), "read", path)?;
                Ok(target.map(|target| target.to_string_lossy().into_owned()))
            }
            _ => Ok(None),
        }
    }

    /// The path itself: nothing that is asked here depends on links.
    ///
    /// # Errors
    /// When it does not exist.
    pub fn resolve(&self, path: &str) -> Result<String> {
        if self.exists(path) { Ok(path.to_owned()) } else { Err(missing(path)) }
    }

    /// Connects to nothing: an engine's socket is asked on Linux only.
    ///
    /// # Errors
    /// Always.
    pub fn connect(&self, path: &str, _timeout: Duration) -> Result<TcpStream> {
        Err(Failure::new(format!("{path} is asked on Linux only")))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

impl File {
    /// Reads up to `length` bytes from `offset`; fewer only at the end of the file.
    ///
    /// # Errors
    /// When the system cannot read.
    pub fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.take(length as u64).read_to_end(&mut bytes))
            .with_context(|| format!("cannot read {}", self.path))?;
        Ok(bytes)
    }

    /// What the file holds, up to `limit` bytes.
    ///
    /// # Errors
    /// When the system cannot read.
    pub fn read_now(&self, limit: usize) -> Result<Vec<u8>> {
        self.read_at(0, limit)
    }
}

/// A result of the system; `None` when nothing is there.
fn there<T>(result: io::Result<T>, action: &str, path: &str) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(cause) => Err(Failure::new(format!("cannot {action} {path}")).caused_by(cause)),
    }
}

fn missing(path: &str) -> Failure {
    Failure::new(format!("there is no {path}"))
}

fn text(path: &str, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|cause| Failure::new(format!("{path} is not UTF-8")).caused_by(cause))
}

fn kind(kind: fs::FileType) -> Kind {
    match kind {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Directory,
        kind if kind.is_symlink() => Kind::Link,
        _ => Kind::Unknown,
    }
}

/// What every system knows; the rest is 0.
fn attributes(metadata: &fs::Metadata) -> Stat {
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let nanoseconds = changed.map_or(0, |since| i128::try_from(since.as_nanos()).unwrap_or(i128::MAX));
    Stat {
        kind: kind(metadata.file_type()),
        mode: if metadata.permissions().readonly() { 0o444 } else { 0o644 },
        uid: 0,
        gid: 0,
        size: metadata.len(),
        dev: 0,
        ino: 0,
        mtime_ns: nanoseconds,
        ctime_ns: nanoseconds,
        major: 0,
        minor: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_and_what_is_not_there_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("Dockerfile"), "FROM a\r\n").expect("a file");
        fs::create_dir(folder.path().join("below")).expect("a folder");
        let host = Host::at(folder.path());
        assert_eq!(host.read_text("/Dockerfile").expect("text"), "FROM a\r\n");
        assert_eq!(host.read_text_optional("/nothing").expect("none"), None);
        assert_eq!(host.read_text_optional("/Dockerfile/below").expect("none"), None);
        assert!(host.read_limited("/Dockerfile", 3).expect_err("long").chain().contains("longer than 3"));
        assert_eq!(host.read_range("/Dockerfile", 5, 9).expect("range"), b"a\r\n");
        let names: Vec<_> =
            host.list("/").expect("list").into_iter().map(|one| (one.name, one.kind)).collect();
        assert_eq!(names, [("Dockerfile".to_owned(), Kind::File), ("below".to_owned(), Kind::Directory)]);
        assert!(host.stat("/below").expect("stat").expect("there").is_dir());
        assert_eq!(host.stat("/nothing").expect("stat"), None);
        assert_eq!(host.read_link("/below").expect("no link"), None);
    }
}
