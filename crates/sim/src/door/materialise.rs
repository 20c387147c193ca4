//! Makes the files of a layout, below the `/` of this namespace.

use super::artefacts::Artefacts;
use super::{HOME, files, mounts};
use crate::Description;
use crate::layout::{Entry, Kind, Layout};
use diag::Result;
use rustix::fs::{FileType, makedev};
use sim_facts::carrier;
use std::path::Path;

/// Makes every file of the layout.
pub(super) fn materialise(layout: &Layout, description: &Description, artefacts: Artefacts) -> Result<()> {
    let nvml = carrier::fill(artefacts.nvml, &description.facts())?;
    for (path, entry) in layout.entries() {
        if path == "/proc/devices" {
            over_proc(path, entry)?;
        } else {
            make(Path::new(path), entry, &nvml, &artefacts.smi)?;
        }
    }
    Ok(())
}

fn make(path: &Path, entry: &Entry, nvml: &[u8], smi: &[u8]) -> Result<()> {
    files::make_parent(path)?;
    match &entry.kind {
        Kind::Directory => files::make_directory(path)?,
        Kind::File { head, size } => replace(path, head, *size, entry.mode)?,
        Kind::Nvml => replace(path, nvml, length(nvml), entry.mode)?,
        Kind::Smi => replace(path, smi, length(smi), entry.mode)?,
        Kind::Link(text) => return files::link(text, path),
        Kind::Socket => files::node(path, FileType::Socket, 0, entry.mode)?,
        Kind::Device { major, minor } => {
            files::node(path, FileType::CharacterDevice, makedev(*major, *minor), entry.mode)?;
        }
    }
    if entry.gid == 0 { Ok(()) } else { files::set_owner(path, 0, entry.gid) }
}

/// Writes a file anew: what is there may be a link to somewhere else.
fn replace(path: &Path, head: &[u8], size: u64, mode: u32) -> Result<()> {
    files::remove_file(path)?;
    files::write(path, head, size, mode)
}

/// Puts a file over one of procfs.
fn over_proc(path: &str, entry: &Entry) -> Result<()> {
    let Kind::File { head, size } = &entry.kind else { return Ok(()) };
    let source = Path::new(HOME).join(path.trim_start_matches('/').replace('/', "-"));
    files::write(&source, head, *size, entry.mode)?;
    mounts::bind(&source, path)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
