//! `disable-device-node-modification`: the driver's libraries must not make device nodes in a
//! container. They do so when `/proc/driver/nvidia/params` says `ModifyDeviceFiles: 1`, so the
//! container sees a private copy that says 0.

use crate::catalogue::Hook;
use crate::{arguments, container};
use diag::Result;
use rootfs::{ContainerRoot, trusted};
use std::ffi::OsString;
use std::path::Path;

pub(crate) const HOOK: Hook = Hook {
    name: "disable-device-node-modification",
    summary: Some("Covers the driver's parameters, so that the container's tools leave device nodes alone."),
    flags: "",
    run,
};

/// The driver's table, on the host and in the container.
const PARAMS: &str = "/proc/driver/nvidia/params";
const PARAMS_LIMIT: usize = 64 * 1024;

fn run(arguments: &[OsString]) -> Result<()> {
    let specification = arguments::flags(arguments, |_, _| Ok(false))?;
    let Some(params) = host_params()? else { return Ok(()) };
    mask(&container::root(specification.as_deref())?, &params)
}

/// The host's table; `None` without a driver.
pub(crate) fn host_params() -> Result<Option<String>> {
    let bytes = trusted::read_optional(Path::new(PARAMS), PARAMS_LIMIT)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Covers the container's table. Where the container sees none there is nothing to cover.
pub(crate) fn mask(root: &ContainerRoot, params: &str) -> Result<()> {
    match formats::procfs::params_with_modification_disabled(params) {
        Some(masked) => root.mask_file(PARAMS, masked.as_bytes()).map(drop),
        None => Ok(()),
    }
}
