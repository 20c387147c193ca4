//! Which mount an open thing lies on: a volume of the user is another one than the container's root.

use crate::trusted::read_optional;
use rustix::fd::{AsFd, AsRawFd};
use std::path::Path;

const FACTS_LIMIT: usize = 4096;

/// The number of the mount (`mnt_id` in proc_pid_fdinfo(5)); `None` where procfs does not tell.
pub(crate) fn mount_id(fd: impl AsFd) -> Option<String> {
    let path = format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd());
    let facts = read_optional(Path::new(&path), FACTS_LIMIT).ok().flatten()?;
    let facts = String::from_utf8_lossy(&facts).into_owned();
    facts.lines().find_map(|line| line.strip_prefix("mnt_id:")).map(|id| id.trim().to_owned())
}
