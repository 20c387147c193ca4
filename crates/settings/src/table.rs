//! The table of all keys.

use crate::Settings;

/// Where a key's value lies in [`Settings`], and so which type it has.
#[derive(Clone, Copy, Debug)]
pub enum Slot {
    /// A truth value.
    Bool(fn(&mut Settings) -> &mut bool),
    /// A string.
    Text(fn(&mut Settings) -> &mut String),
    /// A list of strings.
    List(fn(&mut Settings) -> &mut Vec<String>),
    /// A truth value that may also be unset.
    Feature(fn(&mut Settings) -> &mut Option<bool>),
}

/// How a key appears in a written file when it is not set to something other than its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// With its default, in the default file.
    Default,
    /// As a comment with this value, in every file.
    Comment(&'static str),
    /// Not at all.
    No,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Dotted path, for example `nvidia-container-cli.root`.
    pub path: &'static str,
    /// Where its value lies.
    pub slot: Slot,
    /// How it is written.
    pub shown: Shown,
}

impl Slot {
    /// What a value must be, for messages.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Bool(_) | Self::Feature(_) => "true or false",
            Self::Text(_) => "a string",
            Self::List(_) => "a list of strings",
        }
    }
}

/// The row of a key.
#[must_use]
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// The first part of a path that names neither a key nor a table.
pub(crate) fn first_unknown(path: &str) -> Option<&str> {
    let leads_on = |known: &str, so_far: &str| {
        known.strip_prefix(so_far).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let mut end = 0;
    for part in path.split('.') {
        end += part.len();
        let so_far = path.get(..end)?;
        if !KEYS.iter().any(|key| leads_on(key.path, so_far)) {
            return Some(part);
        }
        end += 1;
    }
    None
}

const fn key(path: &'static str, slot: Slot, shown: Shown) -> Key {
    Key { path, slot, shown }
}

/// All keys.
pub const KEYS: &[Key] = &[
    key(
        "accept-nvidia-visible-devices-as-volume-mounts",
        Slot::Bool(|s| &mut s.accept_volume_mounts),
        Shown::Comment("false"),
    ),
    key(
        "accept-nvidia-visible-devices-envvar-when-unprivileged",
        Slot::Bool(|s| &mut s.accept_envvar_when_unprivileged),
        Shown::Comment("true"),
    ),
    key("disable-require", Slot::Bool(|s| &mut s.disable_require), Shown::Default),
    key(
        "supported-driver-capabilities",
        Slot::Text(|s| &mut s.supported_driver_capabilities),
        Shown::Default,
    ),
    key("swarm-resource", Slot::Text(|s| &mut s.swarm_resource), Shown::Comment("\"DOCKER_RESOURCE_GPU\"")),
    key(
        "features.allow-cuda-compat-libs-from-container",
        Slot::Feature(|s| &mut s.features.allow_cuda_compat_libs_from_container),
        Shown::No,
    ),
    key(
        "features.allow-ldconfig-from-container",
        Slot::Feature(|s| &mut s.features.allow_ldconfig_from_container),
        Shown::No,
    ),
    key(
        "features.allow-unknown-oci-spec-fields",
        Slot::Feature(|s| &mut s.features.allow_unknown_oci_spec_fields),
        Shown::No,
    ),
    key(
        "features.disable-cuda-compat-lib-hook",
        Slot::Feature(|s| &mut s.features.disable_cuda_compat_lib_hook),
        Shown::No,
    ),
    key(
        "features.disable-imex-channel-creation",
        Slot::Feature(|s| &mut s.features.disable_imex_channel_creation),
        Shown::No,
    ),
    key(
        "features.ignore-imex-channel-requests",
        Slot::Feature(|s| &mut s.features.ignore_imex_channel_requests),
        Shown::No,
    ),
    key(
        "features.no-additional-gids-for-device-nodes",
        Slot::Feature(|s| &mut s.features.no_additional_gids_for_device_nodes),
        Shown::No,
    ),
    key("features.original-cdi-modes", Slot::Feature(|s| &mut s.features.original_cdi_modes), Shown::No),
    key("features.original-hook-modes", Slot::Feature(|s| &mut s.features.original_hook_modes), Shown::No),
    key(
        "nvidia-container-cli.debug",
        Slot::Text(|s| &mut s.cli.debug),
        Shown::Comment("\"/var/log/nvidia-container-toolkit.log\""),
    ),
    key("nvidia-container-cli.environment", Slot::List(|s| &mut s.cli.environment), Shown::Default),
    key(
        "nvidia-container-cli.ldcache",
        Slot::Text(|s| &mut s.cli.ldcache),
        Shown::Comment("\"/etc/ld.so.cache\""),
    ),
    key("nvidia-container-cli.ldconfig", Slot::Text(|s| &mut s.cli.ldconfig), Shown::Default),
    key("nvidia-container-cli.load-kmods", Slot::Bool(|s| &mut s.cli.load_kmods), Shown::Default),
    key("nvidia-container-cli.no-cgroups", Slot::Bool(|s| &mut s.cli.no_cgroups), Shown::Comment("false")),
    key("nvidia-container-cli.no-pivot", Slot::Bool(|s| &mut s.cli.no_pivot), Shown::No),
    key(
        "nvidia-container-cli.path",
        Slot::Text(|s| &mut s.cli.path),
        Shown::Comment("\"/usr/bin/nvidia-container-cli\""),
    ),
    key(
        "nvidia-container-cli.root",
        Slot::Text(|s| &mut s.cli.root),
        Shown::Comment("\"/run/nvidia/driver\""),
    ),
    key("nvidia-container-cli.user", Slot::Text(|s| &mut s.cli.user), Shown::Comment("\"root:video\"")),
    key(
        "nvidia-container-runtime.debug",
        Slot::Text(|s| &mut s.runtime.debug),
        Shown::Comment("\"/var/log/nvidia-container-runtime.log\""),
    ),
    key("nvidia-container-runtime.log-level", Slot::Text(|s| &mut s.runtime.log_level), Shown::Default),
    key("nvidia-container-runtime.mode", Slot::Text(|s| &mut s.runtime.mode), Shown::Default),
    key("nvidia-container-runtime.runtimes", Slot::List(|s| &mut s.runtime.runtimes), Shown::Default),
    key(
        "nvidia-container-runtime.modes.cdi.annotation-prefixes",
        Slot::List(|s| &mut s.runtime.modes.cdi_annotation_prefixes),
        Shown::Default,
    ),
    key(
        "nvidia-container-runtime.modes.cdi.default-kind",
        Slot::Text(|s| &mut s.runtime.modes.cdi_default_kind),
        Shown::Default,
    ),
    key(
        "nvidia-container-runtime.modes.cdi.spec-dirs",
        Slot::List(|s| &mut s.runtime.modes.cdi_spec_dirs),
        Shown::Default,
    ),
    key(
        "nvidia-container-runtime.modes.csv.compat-container-root",
        Slot::Text(|s| &mut s.runtime.modes.csv_compat_container_root),
        Shown::No,
    ),
    key(
        "nvidia-container-runtime.modes.csv.mount-spec-path",
        Slot::Text(|s| &mut s.runtime.modes.csv_mount_spec_path),
        Shown::Default,
    ),
    key(
        "nvidia-container-runtime.modes.jit-cdi.nvcdi-disable-hooks",
        Slot::List(|s| &mut s.runtime.modes.jit_disable_hooks),
        Shown::No,
    ),
    key(
        "nvidia-container-runtime.modes.jit-cdi.nvcdi-feature-flags",
        Slot::List(|s| &mut s.runtime.modes.jit_feature_flags),
        Shown::No,
    ),
    key(
        "nvidia-container-runtime.modes.legacy.cuda-compat-mode",
        Slot::Text(|s| &mut s.runtime.modes.legacy_cuda_compat_mode),
        Shown::Default,
    ),
    key("nvidia-container-runtime-hook.path", Slot::Text(|s| &mut s.hook.path), Shown::Default),
    key(
        "nvidia-container-runtime-hook.skip-mode-detection",
        Slot::Bool(|s| &mut s.hook.skip_mode_detection),
        Shown::Default,
    ),
    key("nvidia-ctk.path", Slot::Text(|s| &mut s.ctk_path), Shown::Default),
];
