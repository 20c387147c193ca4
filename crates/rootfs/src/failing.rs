//! Failures of system calls, told with the path as the container sees it.

use crate::codes;
use diag::{Code, Failure};
use rustix::io::Errno;

/// The failure of one system call: `what` is a verb phrase such as "cannot read".
pub(crate) fn failed(code: Code, what: &str, path: &str, errno: Errno) -> Failure {
    let failure = match errno {
        Errno::LOOP => Failure::coded(
            codes::LEADS_ASTRAY,
            format!("{what} `{path}` in the container: a magic link or a loop of links stands in the way"),
        )
        .hint("the image was built in a way that leads outside of itself; use another image"),
        Errno::NOSYS => Failure::coded(
            codes::KERNEL_TOO_OLD,
            format!("{what} `{path}` in the container: this kernel lacks a system call for it"),
        )
        .hint("update the kernel, or the seccomp profile around this engine if there is one"),
        Errno::ROFS => {
            Failure::coded(code, format!("{what} `{path}` in the container: it is mounted read-only"))
                .hint("remove the read-only mount that covers this path")
        }
        _ => Failure::coded(code, format!("{what} `{path}` in the container")),
    };
    failure.caused_by(std::io::Error::from(errno))
}
