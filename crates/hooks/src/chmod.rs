//! `chmod` (deprecated): permission bits of existing directories and files of the container.

use crate::catalogue::Hook;
use crate::{arguments, codes, container};
use diag::{Failure, Result};
use std::ffi::OsString;

pub(crate) const HOOK: Hook = Hook {
    name: "chmod",
    summary: Some("Sets the permissions of directories in the container."),
    flags: "   --path PATH   what to change; may be given several times or separated by commas; what does not exist is skipped\n   --mode OCTAL  the new mode\n",
    run,
};

fn run(arguments: &[OsString]) -> Result<()> {
    let (mut paths, mut mode) = (Vec::new(), None);
    let specification = arguments::flags(arguments, |name, values| {
        match name {
            "path" => paths.extend(values.list()?),
            "mode" => mode = Some(parse_mode(&values.text()?)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let mode =
        mode.ok_or_else(|| Failure::coded(codes::BAD_ARGUMENTS, "a non-empty mode must be specified"))?;
    if paths.is_empty() {
        return Ok(());
    }
    let root = container::root(specification.as_deref())?;
    for path in paths.iter().filter(|path| !path.is_empty()) {
        root.set_mode(path, mode)?;
    }
    Ok(())
}

/// The permission bits of a mode. Set-uid, set-gid and sticky bits are left out, as the original leaves them:
/// nothing of an image gets rights from a flag that is there to open a directory.
fn parse_mode(text: &str) -> Result<u32> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777);
    mode.map(|mode| mode & 0o777).ok_or_else(|| {
        let problem = format!("failed to parse mode as octal: {text:?} is no mode such as 755");
        Failure::coded(codes::BAD_ARGUMENTS, problem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_permissions_alone() {
        for (text, mode) in [("755", 0o755), ("0644", 0o644), ("1777", 0o777), ("7777", 0o777), ("4000", 0)] {
            assert_eq!(parse_mode(text).unwrap(), mode, "{text}");
        }
        for bad in ["", "8", "rwx", "-1", "17777"] {
            assert!(parse_mode(bad).is_err(), "{bad}");
        }
    }
}
