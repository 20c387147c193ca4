//! Connecting to Unix sockets without waiting for ever.

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect as system_connect, socket_with,
};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// How long to wait before trying again while the listener's queue is full.
const PAUSE: Duration = Duration::from_millis(5);

/// Connects to the socket at `real`. A full queue is tried again until `timeout`.
pub(crate) fn connect(real: &str, timeout: Duration) -> std::io::Result<UnixStream> {
    let end = Instant::now() + timeout;
    let address = SocketAddrUnix::new(real).map_err(io)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(io)?;
    while let Err(cause) = system_connect(&socket, &address) {
        if !matches!(cause, Errno::AGAIN | Errno::INTR) || Instant::now() >= end {
            return Err(io(cause));
        }
        std::thread::sleep(PAUSE);
    }
    let stream = UnixStream::from(socket);
    set_timeouts(&stream, timeout)?;
    Ok(stream)
}

fn set_timeouts(stream: &UnixStream, timeout: Duration) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))
}

/// Keeps the system's error underneath, so that a caller can tell a refusal from an absence.
fn io(cause: Errno) -> std::io::Error {
    std::io::Error::from(cause)
}
