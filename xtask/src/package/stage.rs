//! Writes the table of installed files as a tree, with modes and times that never vary.

use super::fresh;
use crate::exec::{capture, command};
use diag::{Result, ResultExt};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// One installed file.
#[derive(Debug)]
pub(super) struct Entry {
    /// Where it is on the machine, without the leading `/`.
    pub(super) path: PathBuf,
    pub(super) what: What,
}

/// What stands there.
#[derive(Debug)]
pub(super) enum What {
    /// A copy of a built file or a file of the checkout, with a mode.
    Copy(PathBuf, u32),
    /// A generated text.
    Text(Vec<u8>),
    /// A link to a name.
    Link(String),
}

impl Entry {
    /// A file that anybody may run.
    pub(super) fn program(path: &str, source: &Path) -> Self {
        Self { path: path.into(), what: What::Copy(source.to_path_buf(), 0o755) }
    }

    /// A file that anybody may read.
    pub(super) fn file(path: &str, source: &Path) -> Self {
        Self { path: path.into(), what: What::Copy(source.to_path_buf(), 0o644) }
    }

    /// A generated file that anybody may read.
    pub(super) fn text(path: &str, text: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), what: What::Text(text.into()) }
    }

    /// A second name of a program.
    pub(super) fn link(path: &str, target: &str) -> Self {
        Self { path: path.into(), what: What::Link(target.to_owned()) }
    }
}

/// Writes the tree anew.
pub(super) fn write(tree: &Path, entries: &[Entry], time: u64) -> Result<()> {
    fresh(tree)?;
    entries.iter().try_for_each(|entry| place(tree, entry))?;
    date(tree, time)
}

fn place(tree: &Path, entry: &Entry) -> Result<()> {
    let path = tree.join(&entry.path);
    let failed = || format!("cannot write {}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(tree)).with_context(failed)?;
    match &entry.what {
        What::Copy(source, mode) => {
            fs::copy(source, &path).with_context(|| format!("cannot copy {}", source.display()))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).with_context(failed)
        }
        What::Text(text) => {
            fs::write(&path, text).with_context(failed)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).with_context(failed)
        }
        What::Link(target) => symlink(target, &path).with_context(failed),
    }
}

/// Gives everything one time, and folders one mode whatever the umask is.
pub(super) fn date(tree: &Path, time: u64) -> Result<()> {
    capture(
        command(["find".as_ref(), tree.as_os_str()]).args(["-type", "d", "-exec", "chmod", "755", "{}", "+"]),
    )?;
    let touch = ["-exec", "touch", "--no-dereference", "--date"];
    let mut all = command(["find".as_ref(), tree.as_os_str()]);
    capture(all.args(["-depth"]).args(touch).arg(format!("@{time}")).args(["{}", "+"])).map(drop)
}
