//! Reading a host with typed reasons instead of failures.

use super::Reason;
use diag::Failure;
use host::Host;
use std::error::Error;
use std::io::{self, ErrorKind};

/// A text file; `None` when there is none.
pub(super) fn text(host: &Host, path: &str) -> Result<Option<String>, Reason> {
    Ok(bytes(host, path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// A text file that must be there.
pub(super) fn required_text(host: &Host, path: &str) -> Result<String, Reason> {
    text(host, path)?.ok_or_else(|| Reason::Failed { what: path.to_owned(), how: "no such file".to_owned() })
}

/// A file; `None` when there is none.
pub(super) fn bytes(host: &Host, path: &str) -> Result<Option<Vec<u8>>, Reason> {
    host.read_optional(path).map_err(|failure| reason(path, &failure))
}

/// Names in a directory, sorted; empty when there is no such directory.
pub(super) fn names(host: &Host, path: &str) -> Result<Vec<String>, Reason> {
    let entries = host.list_optional(path).map_err(|failure| reason(path, &failure))?;
    Ok(entries.unwrap_or_default().into_iter().map(|entry| entry.name).collect())
}

/// Text of a symbolic link.
pub(super) fn link(host: &Host, path: &str) -> Result<String, Reason> {
    match host.read_link(path) {
        Ok(Some(target)) => Ok(target),
        Ok(None) => Err(Reason::Failed { what: path.to_owned(), how: "there is no such link".to_owned() }),
        Err(failure) => Err(reason(path, &failure)),
    }
}

/// Whether something is there; a refusal is a reason, not an absence.
pub(super) fn exists(host: &Host, path: &str) -> Result<bool, Reason> {
    host.stat(path).map(|stat| stat.is_some()).map_err(|failure| reason(path, &failure))
}

/// A parser's complaint without the values that it quotes: they may be anybody's secret.
pub(super) fn without_values(complaint: &str) -> String {
    let mut parts = complaint.split('"');
    let mut text = parts.next().unwrap_or_default().to_owned();
    while let Some(_value) = parts.next() {
        text.push_str("\"...\"");
        text.push_str(parts.next().unwrap_or_default());
    }
    text
}

/// The reason behind a failure of the host.
pub(super) fn reason(what: &str, failure: &Failure) -> Reason {
    match error_kind(failure) {
        Some(ErrorKind::PermissionDenied) => Reason::denied(what),
        _ => Reason::Failed { what: what.to_owned(), how: innermost(failure) },
    }
}

/// The kind of the operating system's error underneath a failure.
pub(super) fn error_kind(failure: &Failure) -> Option<ErrorKind> {
    let mut next: Option<&(dyn Error + 'static)> = Some(failure);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        #[cfg(target_os = "linux")]
        if let Some(errno) = error.downcast_ref::<rustix::io::Errno>() {
            return Some(io::Error::from(*errno).kind());
        }
        next = error.source();
    }
    None
}

fn innermost(failure: &Failure) -> String {
    let mut deepest: &dyn Error = failure;
    while let Some(cause) = deepest.source() {
        deepest = cause;
    }
    deepest.to_string()
}
