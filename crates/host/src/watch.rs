//! Waiting until something changes: entries of directories, and the kernel's events about devices.

use crate::errors::cannot;
use crate::host::Host;
use diag::Result;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, netlink, recv, socket_with};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// The multicast group of the kernel's own events; what udev makes of them goes to another one.
const KERNEL_EVENTS: u32 = 1;

/// Longest event of the kernel (`UEVENT_BUFFER_SIZE`), with room.
const EVENT_LIMIT: usize = 8 * 1024;

/// Descriptors that wake up whoever waits.
#[derive(Debug)]
pub struct Watch {
    directories: OwnedFd,
    /// `None` where the kernel's events cannot be had, as in a container.
    events: Option<OwnedFd>,
}

/// Why the waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Something changed in a directory.
    Directory,
    /// The kernel told of a device that matters.
    Event,
    /// Nothing happened in the time.
    Timeout,
}

impl Watch {
    /// A watch without directories, which hears the kernel's events where that is possible.
    ///
    /// # Errors
    /// When the kernel gives no descriptor.
    pub fn new() -> Result<Self> {
        let flags = inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK;
        let directories = inotify::init(flags).map_err(|cause| cannot("watch", "directories", cause))?;
        Ok(Self { directories, events: events().ok() })
    }

    /// Whether the kernel's events are heard.
    #[must_use]
    pub fn hears_events(&self) -> bool {
        self.events.is_some()
    }

    /// Watches the entries of a directory from now on; one that is absent is not watched. Says whether
    /// it is. Watching it again changes nothing.
    ///
    /// # Errors
    /// When the host is a recorded one, or the kernel refuses.
    pub fn directory(&self, host: &Host, path: &str) -> Result<bool> {
        use inotify::WatchFlags as Flags;
        let Some(real) = host.real(path, false)? else { return Ok(false) };
        let changes = Flags::CREATE
            | Flags::DELETE
            | Flags::MOVED_FROM
            | Flags::MOVED_TO
            | Flags::CLOSE_WRITE
            | Flags::DELETE_SELF
            | Flags::MOVE_SELF
            | Flags::ONLYDIR;
        match inotify::add_watch(&self.directories, &*real, changes) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(false),
            Err(cause) => Err(cannot("watch", path, cause)),
        }
    }

    /// Waits until something changes, at most `patience`. `matters` is asked about each event of the
    /// kernel: `ACTION@DEVPATH` and `KEY=VALUE` entries, each ended by a zero byte.
    ///
    /// # Errors
    /// When the kernel refuses to wait.
    pub fn wait(&self, patience: Duration, matters: impl Fn(&[u8]) -> bool) -> Result<Woken> {
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let mut descriptors = vec![PollFd::new(&self.directories, PollFlags::IN)];
            descriptors.extend(self.events.iter().map(|events| PollFd::new(events, PollFlags::IN)));
            let time = Timespec {
                tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            match poll(&mut descriptors, Some(&time)) {
                Ok(0) => return Ok(Woken::Timeout),
                Ok(_) | Err(Errno::INTR) => {}
                Err(cause) => return Err(cannot("wait for", "changes", cause)),
            }
            if self.drain_directories() {
                return Ok(Woken::Directory);
            }
            if self.drain_events(&matters) {
                return Ok(Woken::Event);
            }
            if left.is_zero() {
                return Ok(Woken::Timeout);
            }
        }
    }

    fn drain_directories(&self) -> bool {
        let mut any = false;
        let mut buffer = [0_u8; 4096];
        while rustix::io::read(&self.directories, &mut buffer).is_ok_and(|bytes| bytes > 0) {
            any = true;
        }
        any
    }

    /// Events that were lost because nobody read them in time count as one that matters.
    fn drain_events(&self, matters: impl Fn(&[u8]) -> bool) -> bool {
        let Some(events) = &self.events else { return false };
        let mut any = false;
        let mut buffer = [0_u8; EVENT_LIMIT];
        loop {
            match recv(events.as_fd(), &mut buffer, RecvFlags::DONTWAIT) {
                Ok((length, _)) => any |= matters(buffer.get(..length).unwrap_or_default()),
                Err(Errno::NOBUFS) => any = true,
                Err(_) => return any,
            }
        }
    }
}

fn events() -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket =
        socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(netlink::KOBJECT_UEVENT))?;
    bind(&socket, &netlink::SocketAddrNetlink::new(0, KERNEL_EVENTS))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_in_directories_wake() {
        let root = tempfile::tempdir().unwrap();
        let host = Host::at(root.path());
        std::fs::create_dir(root.path().join("lib")).unwrap();
        let watch = Watch::new().unwrap();
        assert!(watch.directory(&host, "/lib").unwrap());
        assert!(!watch.directory(&host, "/absent").unwrap());
        let wait = |millis| watch.wait(Duration::from_millis(millis), |_| false).unwrap();
        assert_eq!(wait(5), Woken::Timeout);
        std::fs::write(root.path().join("lib/x"), "").unwrap();
        assert_eq!(wait(2000), Woken::Directory);
        assert_eq!(wait(5), Woken::Timeout);
        std::fs::rename(root.path().join("lib/x"), root.path().join("lib/y")).unwrap();
        assert_eq!(wait(2000), Woken::Directory);
        std::fs::remove_file(root.path().join("lib/y")).unwrap();
        assert_eq!(wait(2000), Woken::Directory);
    }
}
