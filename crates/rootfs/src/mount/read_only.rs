//! Whose work a read-only root is. An OCI runtime binds the root on itself and makes that mount read-only:
//! the one below it, on which the engine keeps the container's files, can be written to. Where that is
//! read-only too, the engine or the administrator protects the files, and they stay as they are.

use crate::mount_id::mount_id;
use crate::trusted::read_optional;
use rustix::fd::BorrowedFd;
use std::path::Path;

/// The mounts that this process sees; see proc_pid_mountinfo(5).
const MOUNTS: &str = "/proc/self/mountinfo";
/// A machine with a thousand containers has some megabytes of them.
const MOUNTS_LIMIT: usize = 64 * 1024 * 1024;

/// Whether the mount below the container's root, which is read-only itself, is not.
pub(super) fn by_runtime_alone(root: BorrowedFd<'_>) -> bool {
    let mounts = text(MOUNTS, MOUNTS_LIMIT);
    mount_id(root).is_some_and(|id| is_writable_below(&mounts, &id))
}

/// Whether the table lists the mount, and the one that it is attached to as writable.
fn is_writable_below(mounts: &str, id: &str) -> bool {
    let fields = |wanted: &str| {
        let mut lines = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        lines.find(|fields| fields.first() == Some(&wanted))
    };
    let below = fields(id).and_then(|mount| fields(mount.get(1)?));
    let options = below.as_ref().and_then(|mount| mount.get(5));
    options.is_some_and(|options| options.split(',').all(|option| option != "ro"))
}

fn text(path: &str, limit: usize) -> String {
    let bytes = read_optional(Path::new(path), limit).ok().flatten().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::is_writable_below;

    /// The root of a container bound on itself: in a large mount, on a mount of the engine's, and where that
    /// one is protected.
    const MOUNTS: &str = "\
20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/vda rw
21 20 0:30 / /b/overlay rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u
22 20 8:1 /golden /b/golden ro,relatime - ext4 /dev/vda rw
30 20 8:1 /b/plain /b/plain ro,relatime - ext4 /dev/vda rw
31 21 0:30 / /b/overlay ro,relatime - overlay overlay rw
32 22 8:1 /golden /b/golden ro,relatime - ext4 /dev/vda rw
33 99 8:1 /x /b/x ro - ext4 /dev/vda rw
34
";

    #[test]
    fn what_the_engine_protects_is_told_from_what_the_runtime_does() {
        for (id, expected) in [
            ("30", true),
            ("31", true),
            ("32", false),
            ("33", false),
            ("34", false),
            ("35", false),
            ("", false),
        ] {
            assert_eq!(is_writable_below(MOUNTS, id), expected, "{id}");
        }
    }
}
