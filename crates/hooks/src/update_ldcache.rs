//! `update-ldcache`: the container's loader learns of the injected libraries. No `ldconfig` is run.

use crate::catalogue::Hook;
use crate::{arguments, container, loader};
use diag::Result;
use std::ffi::OsString;

pub(crate) const HOOK: Hook = Hook {
    name: "update-ldcache",
    summary: Some("Adds the injected libraries to the loader's cache of the container."),
    flags: "   --folder DIR          a directory of injected libraries; may be given several times\n   \
            --ldconfig-path PATH  taken for compatibility; nothing is run\n",
    run,
};

fn run(arguments: &[OsString]) -> Result<()> {
    let mut folders = Vec::new();
    let specification = arguments::flags(arguments, |name, values| {
        match name {
            "folder" => folders.extend(values.list()?),
            "ldconfig-path" => drop(values.text()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if folders.is_empty() {
        return Ok(());
    }
    loader::update(&container::root(specification.as_deref())?, &folders, loader::Known::Unlisted)
}
