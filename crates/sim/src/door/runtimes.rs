//! Puts the simulation's wrapper in front of the low-level container runtimes.

use super::{HOME, files, mounts};
use crate::container_proc::{REAL, WRAPPERS};
use diag::{Result, ResultExt};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const DIRECTORIES: &[&str] = &["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];

/// Wraps every runtime of the root. The real one is kept, and a link leads to the wrapper, which is
/// the running executable under the runtime's name.
pub(super) fn wrap() -> Result<()> {
    for directory in DIRECTORIES {
        for name in crate::container_proc::RUNTIMES {
            let path = Path::new(directory).join(name);
            // A link is either another name of a runtime that is wrapped itself, or a wrapper already.
            if fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
                wrap_one(&path)?;
            }
        }
    }
    Ok(())
}

fn wrap_one(path: &Path) -> Result<()> {
    let (real, wrapper) = (below(REAL, path), below(WRAPPERS, path));
    let mode = fs::metadata(path).with_context(|| format!("cannot look at {}", path.display()))?.mode();
    files::make_parent(&real)?;
    fs::copy(path, &real).with_context(|| format!("cannot keep {}", path.display()))?;
    files::set_mode(&real, mode & 0o7777)?;
    files::touch(&wrapper)?;
    mounts::bind(Path::new(HOME).join("longshore"), &wrapper)?;
    files::link(&wrapper.to_string_lossy(), path)
}

fn below(directory: &str, path: &Path) -> PathBuf {
    Path::new(directory).join(path.strip_prefix("/").unwrap_or(path))
}
