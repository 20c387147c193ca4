//! The settings as values, with the defaults that hold where the file is silent.

use crate::codes;
use diag::{Failure, Result};

/// Everything that `config.toml` can say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `disable-require`: no `NVIDIA_REQUIRE_*` checks.
    pub disable_require: bool,
    /// `swarm-resource`: comma list of variables that take the place of `NVIDIA_VISIBLE_DEVICES`.
    pub swarm_resource: String,
    /// `accept-nvidia-visible-devices-envvar-when-unprivileged`.
    pub accept_envvar_when_unprivileged: bool,
    /// `accept-nvidia-visible-devices-as-volume-mounts`.
    pub accept_volume_mounts: bool,
    /// `supported-driver-capabilities`: comma list; upper bound of what a container may ask for.
    pub supported_driver_capabilities: String,
    /// `[nvidia-container-cli]`.
    pub cli: Cli,
    /// `[nvidia-container-runtime]`.
    pub runtime: Runtime,
    /// `[nvidia-container-runtime-hook]`.
    pub hook: Hook,
    /// `nvidia-ctk.path`.
    pub ctk_path: String,
    /// `[features]`.
    pub features: Features,
}

/// `[nvidia-container-cli]`: how the prestart hook injects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cli {
    /// `root`: driver root on the host; empty is `/`. Also read by the runtime and by `cdi generate`.
    pub root: String,
    /// `path` of `nvidia-container-cli`.
    pub path: String,
    /// `environment`: `KEY=value` pairs.
    pub environment: Vec<String>,
    /// `debug`: log file.
    pub debug: String,
    /// `ldcache`: loader cache of the host.
    pub ldcache: String,
    /// `load-kmods`: load kernel modules and make device nodes.
    pub load_kmods: bool,
    /// `no-pivot`.
    pub no_pivot: bool,
    /// `no-cgroups`: leave the device cgroup alone (rootless).
    pub no_cgroups: bool,
    /// `user`: `USER:GROUP`.
    pub user: String,
    /// `ldconfig`: a leading `@` means a path on the host.
    pub ldconfig: String,
}

/// `[nvidia-container-runtime]`: the OCI runtime shim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// `debug`: log file; `/dev/null` is none.
    pub debug: String,
    /// `log-level`.
    pub log_level: String,
    /// `runtimes`: candidates for the low-level runtime, in order.
    pub runtimes: Vec<String>,
    /// `mode`: see [`Settings::mode`].
    pub mode: String,
    /// `[nvidia-container-runtime.modes.*]`.
    pub modes: Modes,
}

/// `[nvidia-container-runtime.modes.*]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modes {
    /// `csv.mount-spec-path`.
    pub csv_mount_spec_path: String,
    /// `csv.compat-container-root`.
    pub csv_compat_container_root: String,
    /// `cdi.spec-dirs`; a later directory wins.
    pub cdi_spec_dirs: Vec<String>,
    /// `cdi.default-kind` of unqualified device names.
    pub cdi_default_kind: String,
    /// `cdi.annotation-prefixes`.
    pub cdi_annotation_prefixes: Vec<String>,
    /// `jit-cdi.nvcdi-feature-flags`.
    pub jit_feature_flags: Vec<String>,
    /// `jit-cdi.nvcdi-disable-hooks`.
    pub jit_disable_hooks: Vec<String>,
    /// `legacy.cuda-compat-mode`: `ldconfig`, `mount`, `hook` or `disabled`.
    pub legacy_cuda_compat_mode: String,
}

/// `[nvidia-container-runtime-hook]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// `path` of the prestart hook that legacy mode inserts.
    pub path: String,
    /// `skip-mode-detection`.
    pub skip_mode_detection: bool,
}

/// `[features]`: opt-ins; `None` is not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// `allow-cuda-compat-libs-from-container`.
    pub allow_cuda_compat_libs_from_container: Option<bool>,
    /// `allow-ldconfig-from-container`.
    pub allow_ldconfig_from_container: Option<bool>,
    /// `allow-unknown-oci-spec-fields`: has no effect here, unknown fields are always kept.
    pub allow_unknown_oci_spec_fields: Option<bool>,
    /// `disable-cuda-compat-lib-hook`.
    pub disable_cuda_compat_lib_hook: Option<bool>,
    /// `disable-imex-channel-creation`.
    pub disable_imex_channel_creation: Option<bool>,
    /// `ignore-imex-channel-requests`.
    pub ignore_imex_channel_requests: Option<bool>,
    /// `no-additional-gids-for-device-nodes`.
    pub no_additional_gids_for_device_nodes: Option<bool>,
    /// `original-cdi-modes`: our own key. In the modes `auto`, `cdi` and `jit-cdi`,
    /// `NVIDIA_DRIVER_CAPABILITIES` and `NVIDIA_REQUIRE_*` have no effect, as with the original.
    pub original_cdi_modes: Option<bool>,
    /// `original-hook-modes`: our own key. The prestart hook (`docker run --gpus`) refuses containers in
    /// every mode but `legacy`, as the original does, unless `skip-mode-detection` is set.
    pub original_hook_modes: Option<bool>,
}

/// How the runtime shim gives GPUs to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Choose: `Cdi` when only qualified CDI names are asked for, otherwise what suits the machine.
    Auto,
    /// Insert the prestart hook.
    Legacy,
    /// CSV lists of Tegra systems.
    Csv,
    /// CDI specifications from files.
    Cdi,
    /// Edits made in memory from the machine as it is.
    JitCdi,
}

/// What of the host the defaults depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// `/sbin/ldconfig.real` exists (Ubuntu wraps `ldconfig` in a script).
    pub real_ldconfig: bool,
    /// `ID_LIKE` of `/etc/os-release` has `suse` or `opensuse`.
    pub suse: bool,
}

impl Settings {
    /// The mode of the runtime shim.
    ///
    /// # Errors
    /// `nvidia-container-runtime.mode` is none of the five.
    pub fn mode(&self) -> Result<Mode> {
        match self.runtime.mode.as_str() {
            "auto" => Ok(Mode::Auto),
            "legacy" => Ok(Mode::Legacy),
            "csv" => Ok(Mode::Csv),
            "cdi" => Ok(Mode::Cdi),
            "jit-cdi" => Ok(Mode::JitCdi),
            other => Err(Failure::coded(codes::INVALID_VALUE, format!("invalid mode {other:?}"))
                .hint("nvidia-container-runtime.mode in config.toml is auto, legacy, csv, cdi or jit-cdi")),
        }
    }

    /// The defaults on a host.
    #[must_use]
    pub fn default_on(platform: Platform) -> Self {
        let mut settings = Self::default();
        if platform.real_ldconfig {
            settings.cli.ldconfig = "@/sbin/ldconfig.real".into();
        }
        if platform.suse {
            settings.cli.user = "root:video".into();
        }
        settings
    }
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            disable_require: false,
            swarm_resource: String::new(),
            accept_envvar_when_unprivileged: true,
            accept_volume_mounts: false,
            supported_driver_capabilities: "compat32,compute,display,graphics,ngx,utility,video".into(),
            cli: Cli::default(),
            runtime: Runtime::default(),
            hook: Hook { path: "nvidia-container-runtime-hook".into(), skip_mode_detection: false },
            ctk_path: "nvidia-ctk".into(),
            features: Features::default(),
        }
    }
}

impl Default for Cli {
    fn default() -> Self {
        Self {
            root: String::new(),
            path: String::new(),
            environment: Vec::new(),
            debug: String::new(),
            ldcache: String::new(),
            load_kmods: true,
            no_pivot: false,
            no_cgroups: false,
            user: String::new(),
            ldconfig: "@/sbin/ldconfig".into(),
        }
    }
}

impl Default for Runtime {
    fn default() -> Self {
        Self {
            debug: "/dev/null".into(),
            log_level: "info".into(),
            runtimes: list(&["runc", "crun"]),
            mode: "auto".into(),
            modes: Modes::default(),
        }
    }
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            csv_mount_spec_path: "/etc/nvidia-container-runtime/host-files-for-container.d".into(),
            csv_compat_container_root: String::new(),
            cdi_spec_dirs: list(&["/etc/cdi", "/var/run/cdi"]),
            cdi_default_kind: "nvidia.com/gpu".into(),
            cdi_annotation_prefixes: list(&["cdi.k8s.io/"]),
            jit_feature_flags: Vec::new(),
            jit_disable_hooks: Vec::new(),
            legacy_cuda_compat_mode: "ldconfig".into(),
        }
    }
}
