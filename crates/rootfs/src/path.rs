//! Paths of a container as the callers write them: cleaned without asking any file system.

use crate::codes;
use diag::{Failure, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// The longest path that is looked at (`PATH_MAX` of Linux).
const LIMIT: usize = 4096;

/// Components of a path below the root: no `.`, no `..`, no empty ones. A `..` takes away the
/// component before it and stops at the root, as in Go's `filepath.Join(root, path)`, because that
/// is how the callers' specifications were always read.
pub(crate) fn components(path: impl AsRef<OsStr>) -> Result<Vec<OsString>> {
    let bytes = path.as_ref().as_bytes();
    if bytes.len() >= LIMIT || bytes.contains(&0) {
        return Err(Failure::coded(
            codes::LEADS_ASTRAY,
            format!("`{}` is not a usable path", String::from_utf8_lossy(&bytes[..bytes.len().min(80)])),
        ));
    }
    let mut clean = Vec::new();
    for part in bytes.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(clean.pop()),
            name => clean.push(OsString::from_vec(name.to_vec())),
        }
    }
    Ok(clean)
}

/// The components joined, relative to the root; `.` is the root itself.
pub(crate) fn relative(components: &[OsString]) -> OsString {
    if components.is_empty() {
        return OsString::from(".");
    }
    components.join(OsStr::new("/"))
}

/// The same for people: with a slash in front.
pub(crate) fn shown(components: &[OsString]) -> String {
    format!("/{}", components.join(OsStr::new("/")).to_string_lossy())
}

/// The path for people as it was given.
pub(crate) fn given(path: impl AsRef<OsStr>) -> String {
    Path::new(path.as_ref()).display().to_string()
}

/// Whether a name is exactly one component.
pub(crate) fn is_name(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    !matches!(bytes, b"" | b"." | b"..") && !bytes.contains(&b'/') && !bytes.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_and_never_climb_above_the_root() {
        let table = [
            ("/", "."),
            ("", "."),
            ("/usr//lib/./x", "usr/lib/x"),
            ("usr/lib/../bin", "usr/bin"),
            ("/../../etc/passwd", "etc/passwd"),
            ("/a/b/../../../c", "c"),
        ];
        for (path, expected) in table {
            assert_eq!(relative(&components(path).unwrap()), OsString::from(expected), "{path}");
        }
        assert!(components("a\0b").is_err());
        assert!(components("x".repeat(5000)).is_err());
    }

    #[test]
    fn names_are_single_components() {
        for bad in ["", ".", "..", "a/b", "/"] {
            assert!(!is_name(OsStr::new(bad)), "{bad}");
        }
        assert!(is_name(OsStr::new("libcuda.so.1")));
    }
}
