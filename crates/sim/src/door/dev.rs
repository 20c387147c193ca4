//! `/dev` of the simulation: nodes with true numbers on a tmpfs.

use super::{files, mounts};
use diag::{Result, ResultExt};
use rustix::fs::{FileType, makedev};
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// Nodes of a bare `/dev`: path, major, minor.
const BASIC: &[(&str, u32, u32)] = &[
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
    ("fuse", 10, 229),
    ("net/tun", 10, 200),
];
const LINKS: &[(&str, &str)] = &[
    ("ptmx", "pts/ptmx"),
    ("fd", "/proc/self/fd"),
    ("stdin", "fd/0"),
    ("stdout", "fd/1"),
    ("stderr", "fd/2"),
];

/// Puts a copy of the machine's `/dev` over it: the same nodes and links, what is mounted below (pts,
/// shm and the like) as it is. `workbench` is an empty directory for the time being.
pub(super) fn copy_over(workbench: &Path) -> Result<()> {
    let dev = Path::new("/dev");
    mounts::tmpfs(workbench, 0o755)?;
    copy(dev, workbench)?;
    mounts::move_to(workbench, dev)
}

/// Fills `dev` with what every machine has.
pub(super) fn make_bare(dev: &Path) -> Result<()> {
    mounts::tmpfs(dev, 0o755)?;
    for (path, major, minor) in BASIC {
        let path = dev.join(path);
        files::make_parent(&path)?;
        files::node(&path, FileType::CharacterDevice, makedev(*major, *minor), 0o666)?;
    }
    for (path, text) in LINKS {
        files::link(text, &dev.join(path))?;
    }
    for directory in ["pts", "shm", "mqueue"] {
        files::make_directory(dev.join(directory))?;
    }
    mounts::file_system("devpts", dev.join("pts"), "newinstance,ptmxmode=666,mode=620")?;
    mounts::file_system("mqueue", dev.join("mqueue"), "")?;
    mounts::tmpfs(dev.join("shm"), 0o1777)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let device = device_of(from)?;
    for entry in files::list(from)? {
        let Ok(found) = fs::symlink_metadata(&entry) else { continue };
        let place = to.join(entry.file_name().unwrap_or_default());
        let kind = found.file_type();
        if kind.is_dir() && found.dev() != device {
            files::make_directory(&place)?;
            mounts::bind_tree(&entry, &place)?;
        } else if kind.is_dir() {
            files::make_directory(&place)?;
            files::set_mode(&place, found.mode() & 0o7777)?;
            copy(&entry, &place)?;
        } else if kind.is_char_device() || kind.is_block_device() {
            let kind = if kind.is_char_device() { FileType::CharacterDevice } else { FileType::BlockDevice };
            files::node(&place, kind, found.rdev(), found.mode() & 0o7777)?;
            files::set_owner(&place, found.uid(), found.gid())?;
        } else if kind.is_symlink() {
            let text = fs::read_link(&entry).with_context(|| format!("cannot read {}", entry.display()))?;
            files::link(&text.to_string_lossy(), &place)?;
        } else {
            files::touch(&place)?;
            mounts::bind(&entry, &place)?;
        }
    }
    Ok(())
}

fn device_of(path: &Path) -> Result<u64> {
    Ok(fs::metadata(path).with_context(|| format!("cannot look at {}", path.display()))?.dev())
}
