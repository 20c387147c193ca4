//! How edits are made: choices of the administrator, not of the container.

use crate::Capabilities;

/// The hooks of the original's list; each can be disabled.
pub const HOOK_NAMES: &[&str] = &[
    "chmod",
    "create-symlinks",
    "disable-device-node-modification",
    "enable-cuda-compat",
    "update-application-profile",
    "update-ldcache",
];

/// How the work inside a container is spread over hooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HookStyle {
    /// One hook does everything.
    #[default]
    Fused,
    /// One hook for each task, as the original has it.
    Separate,
}

/// Choices of the administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Absolute path of `nvidia-cdi-hook`; a file called `nvidia-ctk` gets `hook` as its first argument.
    pub hook_path: String,
    /// One hook or several.
    pub hook_style: HookStyle,
    /// Whether the process joins the groups that own device nodes.
    pub additional_gids: bool,
    /// Names out of [`HOOK_NAMES`] that are not wanted, or `all`.
    pub disabled_hooks: Vec<String>,
    /// Names out of [`HOOK_NAMES`] that are wanted although disabled.
    pub enabled_hooks: Vec<String>,
    /// `ldconfig` for the separate hook `update-ldcache`.
    pub ldconfig_path: Option<String>,
    /// Only files of these families, or all 64-bit files.
    pub capabilities: Option<Capabilities>,
}

impl Policy {
    /// The default choices with a hook program.
    #[must_use]
    pub fn new(hook_path: impl Into<String>) -> Self {
        Self {
            hook_path: hook_path.into(),
            hook_style: HookStyle::default(),
            additional_gids: true,
            disabled_hooks: Vec::new(),
            enabled_hooks: Vec::new(),
            ldconfig_path: None,
            capabilities: None,
        }
    }

    pub(crate) fn wants_hook(&self, name: &str) -> bool {
        let listed = |names: &[String]| names.iter().any(|listed| listed == name || listed == "all");
        !listed(&self.disabled_hooks) || self.enabled_hooks.iter().any(|enabled| enabled == name)
    }

    pub(crate) fn wants_library(&self, library: &driver::Library) -> bool {
        match &self.capabilities {
            None => library.bits == 64,
            Some(wanted) => {
                wanted.families.contains(&library.family) && (library.bits == 64 || wanted.compat32)
            }
        }
    }

    pub(crate) fn wants_binary(&self, file: &driver::File) -> bool {
        let name = file.container_path.rsplit('/').next().unwrap_or_default();
        match &self.capabilities {
            None => true,
            Some(wanted) => wanted.families.contains(&driver::families::of_binary(name)),
        }
    }

    /// Configuration of EGL, Vulkan and X.org, and X.org modules.
    pub(crate) fn wants_graphics(&self) -> bool {
        match &self.capabilities {
            None => true,
            Some(wanted) => wanted.families.contains(&driver::families::Family::Graphics),
        }
    }
}
