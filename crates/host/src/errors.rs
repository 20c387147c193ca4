//! System errors as failures that name the path and say what next.

use crate::codes;
use diag::Failure;
use rustix::io::Errno;

/// A failed read: `cannot read /x: Permission denied`.
pub(crate) fn cannot(action: &str, path: &str, cause: Errno) -> Failure {
    let failure = Failure::new(format!("cannot {action} {path}")).caused_by(std::io::Error::from(cause));
    match cause {
        Errno::ACCESS | Errno::PERM => failure.hint("run this as root"),
        _ => failure,
    }
}

/// A failed change, with its code and a hint that fits the cause.
pub(crate) fn cannot_change(action: &str, path: &str, cause: Errno) -> Failure {
    let failure = Failure::coded(codes::CANNOT_WRITE, format!("cannot {action} {path}"))
        .caused_by(std::io::Error::from(cause));
    match cause {
        Errno::ACCESS | Errno::PERM => {
            failure.hint("run this as root; if you are root, the file may be immutable")
        }
        Errno::ROFS => failure.hint("that file system is mounted read-only; nothing was changed"),
        Errno::NOSPC | Errno::DQUOT => {
            failure.hint("make room on that file system; the old file is untouched")
        }
        _ => failure,
    }
}

/// Whether the cause means that nothing is there.
pub(crate) fn is_absent(cause: Errno) -> bool {
    matches!(cause, Errno::NOENT | Errno::NOTDIR)
}
