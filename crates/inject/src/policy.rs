//! How edits are made: choices of the administrator, not of the container.

use crate::Capabilities;
use driver::families::Family;

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
    /// Whether links of graphics stacks that lie apart from the libraries are made.
    pub graphics_links: bool,
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
            graphics_links: true,
            capabilities: None,
        }
    }

    pub(crate) fn wants_hook(&self, name: &str) -> bool {
        let listed = |names: &[String]| names.iter().any(|listed| listed == name || listed == "all");
        !listed(&self.disabled_hooks) || self.enabled_hooks.iter().any(|enabled| enabled == name)
    }

    /// Whether work is wanted that no name of a hook stands for: not where all hooks are left out, whatever
    /// is put in again by its name.
    pub(crate) fn wants_unnamed_work(&self) -> bool {
        let left_out =
            |name: &&str| self.disabled_hooks.iter().any(|listed| listed == name || listed == "all");
        !HOOK_NAMES.iter().all(left_out)
    }

    /// Whether a hook is asked for that nobody gets unasked.
    pub(crate) fn enables_hook(&self, name: &str) -> bool {
        self.enabled_hooks.iter().any(|enabled| enabled == name)
    }

    pub(crate) fn is_fused(&self) -> bool {
        self.hook_style == HookStyle::Fused
    }

    pub(crate) fn wants_library(&self, library: &driver::Library) -> bool {
        match &self.capabilities {
            None => library.bits == 64,
            Some(wanted) => {
                let name = crate::links::base_name(&library.file.container_path);
                wanted.has_library(name, library.family) && (library.bits == 64 || wanted.compat32)
            }
        }
    }

    pub(crate) fn wants_binary(&self, file: &driver::File) -> bool {
        let name = file.container_path.rsplit('/').next().unwrap_or_default();
        match &self.capabilities {
            None => true,
            Some(wanted) => wanted.has(driver::families::of_binary(name)),
        }
    }

    /// Unified memory comes with compute, mode setting and DRM with graphics, as in libnvidia-container;
    /// all other nodes always.
    pub(crate) fn wants_node(&self, path: &str) -> bool {
        let Some(wanted) = &self.capabilities else { return true };
        match path.rsplit('/').next().unwrap_or_default() {
            "nvidia-uvm" | "nvidia-uvm-tools" => wanted.has(Family::Compute),
            "nvidia-modeset" => wanted.has(Family::Graphics),
            _ => !path.starts_with("/dev/dri/") || wanted.has(Family::Graphics),
        }
    }

    /// OpenCL's list of drivers.
    pub(crate) fn wants_compute(&self) -> bool {
        self.capabilities.as_ref().is_none_or(|wanted| wanted.has(Family::Compute))
    }

    /// The choices for a container with these GPUs: GeForce and TITAN cards refuse newer CUDA
    /// libraries than the driver's own (error 804), so the image's are left alone.
    pub(crate) fn for_gpus<'a>(&self, mut gpus: impl Iterator<Item = &'a driver::Gpu>) -> Self {
        let mut policy = self.clone();
        if self.hook_style == HookStyle::Fused && gpus.any(|gpu| refuses_compat(gpu).is_some()) {
            const COMPAT: &str = "enable-cuda-compat";
            policy.enabled_hooks.retain(|name| name != COMPAT);
            policy.disabled_hooks.push(COMPAT.to_owned());
        }
        policy
    }

    /// The choices for a platform: only PCI GPUs know driver capabilities.
    pub(crate) fn for_platform(&self, platform: driver::Platform) -> Self {
        let capabilities = self.capabilities.clone().filter(|_| platform == driver::Platform::Pci);
        Self { capabilities, ..self.clone() }
    }

    /// Configuration of EGL, Vulkan and X.org, and X.org modules.
    pub(crate) fn wants_graphics(&self) -> bool {
        match &self.capabilities {
            None => true,
            Some(wanted) => wanted.has(Family::Graphics),
        }
    }
}

/// The name of a card that refuses newer CUDA libraries than the driver's own: GeForce and TITAN cards do
/// (NVIDIA, CUDA Compatibility, "Forward Compatibility": data center GPUs and some RTX cards only).
#[must_use]
pub fn refuses_compat(gpu: &driver::Gpu) -> Option<&str> {
    gpu.name.as_deref().filter(|name| name.contains("GeForce") || name.contains("TITAN"))
}
