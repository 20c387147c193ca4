//! Specification files: those that are named, or those that engines read.

use crate::session::Session;
use diag::{Failure, Result, ResultExt};

/// The directories that engines read, the later counting more.
pub(super) const DIRECTORIES: [&str; 2] = ["/etc/cdi", "/var/run/cdi"];

/// A file that was read.
pub(super) struct Source {
    /// Position of its directory: a later one counts more.
    pub(super) directory: usize,
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

/// The named files, and the specifications in the named directories; without names those in the
/// directories that engines read.
///
/// # Errors
/// Something that is named is not there or cannot be read.
pub(super) fn read(session: &Session, named: &[String]) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    if named.is_empty() {
        for (position, directory) in DIRECTORIES.iter().enumerate() {
            in_directory(session, position, directory, &mut sources)?;
        }
        return Ok(sources);
    }
    for (position, name) in named.iter().enumerate() {
        let path = session.absolute(name)?;
        let stat = session.host.stat(&path)?;
        let stat = stat.ok_or_else(|| Failure::new(format!("there is no {name}")))?;
        if stat.is_dir() {
            in_directory(session, position, &path, &mut sources)?;
        } else {
            let bytes = session.host.read(&path)?;
            // Files that are named one by one are judged as if they lay in one directory.
            sources.push(Source { directory: 0, path, bytes });
        }
    }
    Ok(sources)
}

fn in_directory(session: &Session, position: usize, path: &str, sources: &mut Vec<Source>) -> Result<()> {
    let entries = session.host.list_optional(path).with_context(|| format!("cannot look into {path}"))?;
    for entry in entries.unwrap_or_default() {
        if entry.name.ends_with(".json") || entry.name.ends_with(".yaml") {
            let path = format!("{}/{}", path.trim_end_matches('/'), entry.name);
            let bytes = session.host.read(&path)?;
            sources.push(Source { directory: position, path, bytes });
        }
    }
    Ok(())
}
