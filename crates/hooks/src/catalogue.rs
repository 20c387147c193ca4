//! The list of hooks: one line each.

use crate::{
    chmod, create_symlinks, disable_device_node_modification, enable_cuda_compat, noop, prepare_container,
    update_application_profile, update_ldcache,
};
use diag::Result;
use std::ffi::OsString;

/// One hook.
#[derive(Debug)]
pub(crate) struct Hook {
    /// Name on the command line.
    pub(crate) name: &'static str,
    /// What `--help` says of it; `None` keeps it out of the list.
    pub(crate) summary: Option<&'static str>,
    /// Lines of its own `--help`, one per flag.
    pub(crate) flags: &'static str,
    /// Does the work; the arguments follow the hook's name.
    pub(crate) run: fn(&[OsString]) -> Result<()>,
}

/// All hooks in the order of `--help`.
pub(crate) static HOOKS: &[Hook] = &[
    prepare_container::HOOK,
    update_ldcache::HOOK,
    create_symlinks::HOOK,
    chmod::HOOK,
    enable_cuda_compat::HOOK,
    disable_device_node_modification::HOOK,
    update_application_profile::HOOK,
    noop::HOOK,
];

/// The hook of this name.
pub(crate) fn find(name: &str) -> Option<&'static Hook> {
    HOOKS.iter().find(|hook| hook.name == name)
}
