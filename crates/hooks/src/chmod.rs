//! `chmod` (deprecated): permission bits of existing directories and files of the container.

use crate::catalogue::Hook;
use crate::{arguments, codes, container};
use diag::{Failure, Result};
use std::ffi::OsString;

pub(crate) const HOOK: Hook = Hook {
    name: "chmod",
    summary: Some("Sets the permissions of directories in the container."),
    flags: "   --path PATH   what to change; may be given several times; what does not exist is skipped\n   --mode OCTAL  the new mode\n",
    run,
};

fn run(arguments: &[OsString]) -> Result<()> {
    let (mut paths, mut mode) = (Vec::new(), None);
    let specification = arguments::flags(arguments, |name, values| {
        match name {
            "path" => paths.push(values.text()?),
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

fn parse_mode(text: &str) -> Result<u32> {
    u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777).ok_or_else(|| {
        let problem = format!("failed to parse mode as octal: {text:?} is no mode such as 755");
        Failure::coded(codes::BAD_ARGUMENTS, problem)
    })
}
