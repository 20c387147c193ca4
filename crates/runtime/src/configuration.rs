//! The administrator's configuration, as the shim and the prestart hook read it.

use crate::codes;
use diag::{Failure, Result};
use host::Host;
use settings::Settings;

/// The settings in the file at `path`; the defaults when there is none.
///
/// # Errors
/// The file cannot be read or understood.
pub(crate) fn load_settings(host: &Host, path: &str) -> Result<Settings> {
    let failed = |cause: Failure| {
        Failure::coded(codes::SETTINGS, "error loading config: failed to load specified config file")
            .caused_by(cause)
    };
    match host.read_text_optional(path).map_err(failed)? {
        Some(text) => Ok(Settings::parse(&text).map_err(failed)?.0),
        None => Ok(Settings::default()),
    }
}

/// Where the settings say that the driver is.
pub(crate) fn places(settings: &Settings, settings_file: &str) -> discover::Options {
    let mut options =
        discover::Options { settings_file: settings_file.to_owned(), ..discover::Options::default() };
    if !settings.cli.root.is_empty() {
        settings.cli.root.clone_into(&mut options.driver_root);
        settings.cli.root.clone_into(&mut options.dev_root);
    }
    options.loader_cache = Some(settings.cli.ldcache.clone()).filter(|path| path.starts_with('/'));
    let modes = &settings.runtime.modes;
    modes.csv_mount_spec_path.clone_into(&mut options.mount_lists.directory);
    if !modes.csv_compat_container_root.is_empty() {
        modes.csv_compat_container_root.clone_into(&mut options.mount_lists.compat_root);
    }
    options.explicit_libraries =
        modes.jit_feature_flags.iter().any(|flag| flag == "enable-explicit-driver-libraries");
    options
}
