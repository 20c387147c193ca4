//! Links `/dev/char/MAJOR:MINOR`, which udev makes for the devices of drivers that tell the kernel of
//! theirs. NVIDIA's does not. runc before 1.1.6 leaves a node off the list that it gives to systemd when its
//! link is missing, and the container loses it at the next `systemctl daemon-reload`.

use rustix::fd::OwnedFd;
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, major, minor, mkdirat, openat, statat, symlinkat, unlinkat,
};

const FOLDER: &str = "/dev/char";

/// Makes the links of these nodes `(path on the host, major, minor)` that are missing or lead elsewhere.
/// A courtesy: without the right to make them (rootless engines) nothing happens.
pub fn ensure<'a>(nodes: impl Iterator<Item = (&'a str, u32, u32)>) {
    let Some(folder) = folder() else { return };
    for (path, major, minor) in nodes {
        let Some(below_dev) = path.strip_prefix("/dev/") else { continue };
        let name = format!("{major}:{minor}");
        if !leads_to(&folder, &name, major, minor) {
            // What is there, if anything, leads nowhere or to another device.
            let _ = unlinkat(&folder, &name, AtFlags::empty());
            let _ = symlinkat(format!("../{below_dev}"), &folder, &name);
        }
    }
}

fn folder() -> Option<OwnedFd> {
    let open = || openat(CWD, FOLDER, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok();
    open().or_else(|| {
        mkdirat(CWD, FOLDER, Mode::from_raw_mode(0o755)).ok()?;
        open()
    })
}

fn leads_to(folder: &OwnedFd, name: &str, wanted_major: u32, wanted_minor: u32) -> bool {
    statat(folder, name, AtFlags::empty()).is_ok_and(|stat| {
        FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice
            && (major(stat.st_rdev), minor(stat.st_rdev)) == (wanted_major, wanted_minor)
    })
}
