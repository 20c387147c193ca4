//! The container's process: is it the one that the engine means, and how to enter it.

use crate::codes;
use diag::{Failure, Result, ResultExt};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, getpid, getppid, pidfd_open};
use rustix::thread::{
    Gid, LinkNameSpaceType, Uid, move_into_link_name_space, set_thread_groups, set_thread_res_gid,
    set_thread_res_uid,
};
use std::path::Path;

/// More generations than lie between a hook and the engine's first process.
const ANCESTORS_LIMIT: usize = 64;
const STAT_LIMIT: usize = 4096;

/// On whose word a process is taken for the container's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Claim {
    /// An OCI runtime's, which started it and us.
    #[default]
    Runtime,
    /// A person's or a script's, who may name any process.
    Caller,
}

/// The process whose container is to be prepared.
#[derive(Debug)]
pub(super) struct ContainerProcess {
    pid: i32,
    /// Holds the process' identity; `None` on kernels before 5.3.
    handle: Option<OwnedFd>,
    user: OwnedFd,
    mount: OwnedFd,
}

/// What `/proc/PID/stat` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    parent: i32,
    /// Clock ticks after boot.
    started: u64,
}

impl ContainerProcess {
    /// Opens the process and its namespaces; without a number the one that started us. On a runtime's
    /// word it must have been started before us, and by a process that started us too: an OCI runtime
    /// starts both. A number that meanwhile belongs to another process passes neither.
    pub(super) fn open(pid: Option<i64>, claim: Claim) -> Result<Self> {
        let parent = || getppid().map_or(0, |parent| parent.as_raw_nonzero().get().into());
        let pid = pid.unwrap_or_else(parent);
        let number = i32::try_from(pid).ok().filter(|pid| *pid > 1);
        let (Some(pid), Some(named)) = (number, number.and_then(Pid::from_raw)) else {
            return Err(refused(pid, "is no process of a container"));
        };
        let handle = match pidfd_open(named, PidfdFlags::empty()) {
            Ok(handle) => Some(handle),
            Err(Errno::NOSYS) => None,
            Err(_) => return Err(refused(pid.into(), "does not exist")),
        };
        let facts = facts(pid)?;
        let process = Self { pid, handle, user: namespace(pid, "user")?, mount: namespace(pid, "mnt")? };
        if claim == Claim::Runtime {
            judge(pid, facts)?;
        }
        process.check_alive()?;
        Ok(process)
    }

    /// The number.
    pub(super) fn pid(&self) -> i32 {
        self.pid
    }

    /// Enters the container: its user namespace, as root of it, when it has one of its own; then its
    /// mount namespace. What is created afterwards belongs to the container's root. `false` when the
    /// process shares our mount namespace: then there is nothing to enter.
    pub(super) fn enter(&self) -> Result<bool> {
        self.check_alive()?;
        if !is_ours(&self.user, "user")? {
            move_into_link_name_space(self.user.as_fd(), Some(LinkNameSpaceType::User))
                .map_err(|errno| self.cannot("enter the user namespace of", errno))?;
            become_root().map_err(|errno| self.cannot("become root in the user namespace of", errno))?;
        }
        if is_ours(&self.mount, "mnt")? {
            return Ok(false);
        }
        move_into_link_name_space(self.mount.as_fd(), Some(LinkNameSpaceType::Mount))
            .map_err(|errno| self.cannot("enter the mount namespace of", errno))?;
        Ok(true)
    }

    /// A process handle becomes readable when its process has ended.
    fn check_alive(&self) -> Result<()> {
        let Some(handle) = &self.handle else { return Ok(()) };
        let mut polled = [PollFd::new(handle, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        match poll(&mut polled, Some(&now)) {
            Ok(0) => Ok(()),
            _ => Err(refused(self.pid.into(), "has ended")),
        }
    }

    fn cannot(&self, what: &str, errno: Errno) -> Failure {
        Failure::coded(codes::BAD_PROCESS, format!("cannot {what} process {}", self.pid))
            .caused_by(std::io::Error::from(errno))
    }
}

/// Group memberships of the host mean nothing inside; a namespace may forbid to drop them.
fn become_root() -> rustix::io::Result<()> {
    match set_thread_groups(&[]) {
        Err(Errno::PERM) | Ok(()) => {}
        Err(errno) => return Err(errno),
    }
    set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT)?;
    set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT)
}

/// Whether a namespace is the one that this process is in.
fn is_ours(namespace: &OwnedFd, name: &str) -> Result<bool> {
    let path = format!("/proc/self/ns/{name}");
    let own = openat(CWD, &path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .with_context(|| format!("cannot open `{path}`"))?;
    let identity = |fd: &OwnedFd| fstat(fd).map(|stat| (stat.st_dev, stat.st_ino));
    Ok(identity(&own).ok() == identity(namespace).ok())
}

fn namespace(pid: i32, name: &str) -> Result<OwnedFd> {
    let path = format!("/proc/{pid}/ns/{name}");
    openat(CWD, &path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(|errno| {
        Failure::coded(codes::BAD_PROCESS, format!("cannot open `{path}`"))
            .caused_by(std::io::Error::from(errno))
    })
}

fn judge(pid: i32, facts: Facts) -> Result<()> {
    let own = self::facts(getpid().as_raw_nonzero().get())?;
    if facts.started > own.started {
        return Err(refused(pid.into(), "was started after this hook"));
    }
    let mut ancestor = own.parent;
    for _ in 0..ANCESTORS_LIMIT {
        if ancestor == facts.parent {
            return Ok(());
        }
        if ancestor <= 1 {
            break;
        }
        ancestor = self::facts(ancestor)?.parent;
    }
    Err(refused(pid.into(), "was not started by the runtime that called this hook"))
}

fn facts(pid: i32) -> Result<Facts> {
    let bytes = rootfs::trusted::read(Path::new(&format!("/proc/{pid}/stat")), STAT_LIMIT)?;
    parse_stat(&bytes).ok_or_else(|| refused(pid.into(), "has no readable `/proc` entry"))
}

/// Fields 4 and 22 of `/proc/PID/stat`. The second, the program's name, is in parentheses and may
/// hold anything, parentheses too; see proc(5).
fn parse_stat(bytes: &[u8]) -> Option<Facts> {
    let text = String::from_utf8_lossy(bytes);
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some(Facts { parent: fields.get(1)?.parse().ok()?, started: fields.get(19)?.parse().ok()? })
}

fn refused(pid: i64, why: &str) -> Failure {
    Failure::coded(codes::BAD_PROCESS, format!("process {pid} of the container's state {why}"))
        .hint("this hook is called by an OCI runtime while it creates a container, not by hand")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_lines_are_read_behind_the_last_parenthesis() {
        let line = b"42 (a) b (c)) S 7 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 1 2\n";
        assert_eq!(parse_stat(line), Some(Facts { parent: 7, started: 123_456 }));
        for bad in ["", "42", "42 (sh", "42 (sh) S", "42 (sh) S x 42"] {
            assert_eq!(parse_stat(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn only_a_person_may_name_a_process_that_no_runtime_started() {
        let (own, parent) = (i64::from(getpid().as_raw_nonzero().get()), None);
        assert!(ContainerProcess::open(parent, Claim::Runtime).is_ok());
        assert!(ContainerProcess::open(Some(own), Claim::Caller).is_ok());
    }

    #[test]
    fn processes_that_cannot_be_a_containers_are_refused() {
        for pid in [i64::MIN, -1, 0, 1, i64::from(i32::MAX), i64::MAX] {
            let failure = ContainerProcess::open(Some(pid), Claim::Runtime).unwrap_err();
            assert_eq!(failure.code(), Some(codes::BAD_PROCESS), "{pid}");
        }
    }
}
