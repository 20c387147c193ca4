//! The options of `cdi generate`, checked.

use super::program;
use crate::arguments::Parsed;
use crate::codes;
use crate::session::Session;
use diag::{Failure, Result, ResultExt};
use discover::Special;
use inject::{Ask, HOOK_NAMES, HookStyle, Naming, Policy, SpecOptions};
use settings::Settings;

/// What is to be generated.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) spec: SpecOptions,
    pub(super) places: discover::Options,
    /// A mode for other things than GPUs.
    pub(super) special: Option<Special>,
    /// Leave out the sockets of the driver's daemons.
    pub(super) without_sockets: bool,
}

/// Modes of the original; those that this release has come first.
const MODES: [&str; 2] = ["auto", "nvml"];
const OTHER_MODES: [&str; 2] = ["csv", "wsl"];

/// Feature flags without an effect here, because what they switch does not exist.
const NEEDLESS_FLAGS: [&str; 3] =
    ["disable-nvsandboxutils", "disable-nvsandbox-utils", "disable-multiple-csv-devices"];
const NO_GIDS: &str = "no-additional-gids-for-device-nodes";
const NO_SOCKETS: &str = "disable-ipc-discoverer";

/// Reads and checks all options.
pub(super) fn read(session: &mut Session, parsed: &Parsed) -> Result<Options> {
    let special = mode(parsed.text("mode"))?;
    let (devices, none) = devices(&parsed.list("device-id"));
    if none {
        session.warn("device `none` was asked for: there will be no device `all`");
    }
    let features = parsed.list("feature-flag");
    warn_of_features(session, &features);
    let spec = SpecOptions {
        vendor: parsed.text("vendor").to_owned(),
        class: parsed.text("class").to_owned(),
        naming: parsed.list("device-name-strategy").iter().map(|name| naming(name)).collect::<Result<_>>()?,
        all_device: !parsed.switch("no-all-device") && !none,
        devices,
        policy: policy(session, parsed, &features)?,
    };
    cdi::validate_vendor(&spec.vendor)
        .with_context(|| format!("invalid CDI vendor name: {}", spec.vendor))?;
    cdi::validate_class(&spec.class).with_context(|| format!("invalid CDI class name: {}", spec.class))?;
    let without_sockets = features.iter().any(|flag| flag == NO_SOCKETS);
    Ok(Options { spec, places: places(session, parsed)?, special, without_sockets })
}

fn mode(name: &str) -> Result<Option<Special>> {
    let special = Special::from_name(name);
    if special.is_some() || MODES.contains(&name) {
        Ok(special)
    } else if OTHER_MODES.contains(&name) {
        let message = format!("discovery mode {name} is not supported yet");
        Err(Failure::coded(codes::NOT_YET, message)
            .hint("this release knows machines with PCI GPUs: the mode auto"))
    } else {
        Err(Failure::coded(codes::BAD_VALUE, format!("invalid discovery mode: {name}")))
    }
}

fn naming(name: &str) -> Result<Naming> {
    Naming::from_name(name)
        .ok_or_else(|| Failure::coded(codes::BAD_VALUE, format!("invalid device name strategy: {name}")))
}

/// The devices, and whether `none` was among them.
fn devices(ids: &[String]) -> (Ask, bool) {
    let none = ids.iter().any(|id| id == "none");
    match Ask::of_list(ids.iter().filter(|id| *id != "none")) {
        Ask::Nothing => (Ask::DriverOnly, none),
        ask => (ask, none),
    }
}

fn policy(session: &Session, parsed: &Parsed, features: &[String]) -> Result<Policy> {
    let enabled = parsed.list("enable-hook");
    if enabled.iter().any(|name| name == "all") {
        return Err(Failure::coded(codes::BAD_VALUE, "enabling all hooks is not supported"));
    }
    let disabled = parsed.list("disable-hook");
    for name in disabled.iter().chain(&enabled).filter(|name| *name != "all") {
        if !HOOK_NAMES.contains(&name.as_str()) {
            let failure = Failure::coded(codes::BAD_VALUE, format!("there is no hook {name:?}"));
            return Err(failure.hint(format!("the hooks are {}", HOOK_NAMES.join(", "))));
        }
    }
    let ldconfig = parsed.text("ldconfig-path");
    Ok(Policy {
        hook_style: hook_style(parsed.text("hook-style"))?,
        additional_gids: !features.iter().any(|flag| flag == NO_GIDS),
        disabled_hooks: disabled,
        enabled_hooks: enabled,
        ldconfig_path: (!ldconfig.is_empty()).then(|| ldconfig.to_owned()),
        ..Policy::new(program::find(&session.host, parsed.text("nvidia-cdi-hook-path")))
    })
}

fn hook_style(name: &str) -> Result<HookStyle> {
    match name {
        "fused" => Ok(HookStyle::Fused),
        "separate" => Ok(HookStyle::Separate),
        _ => Err(Failure::coded(codes::BAD_VALUE, format!("invalid hook style: {name}"))),
    }
}

fn warn_of_features(session: &mut Session, features: &[String]) {
    for flag in features {
        if ![NO_GIDS, NO_SOCKETS].contains(&flag.as_str()) && !NEEDLESS_FLAGS.contains(&flag.as_str()) {
            session.warn(&format!("feature flag {flag} has no effect"));
        }
    }
}

fn places(session: &Session, parsed: &Parsed) -> Result<discover::Options> {
    let driver_root = match parsed.text("driver-root") {
        "" if parsed.knows("config") => configured_root(session, parsed.text("config"))?,
        "" => configured_root(session, "")?,
        given => given.to_owned(),
    };
    let driver_root = if driver_root.is_empty() { "/".to_owned() } else { session.absolute(&driver_root)? };
    let dev_root = match parsed.text("dev-root") {
        "" => driver_root.clone(),
        given => session.absolute(given)?,
    };
    Ok(discover::Options {
        driver_root,
        dev_root,
        config_search_paths: parsed.list("config-search-path"),
        library_search_paths: parsed.list("library-search-path"),
        ..discover::Options::default()
    })
}

/// `nvidia-container-cli.root` of the settings file.
fn configured_root(session: &Session, config: &str) -> Result<String> {
    let path = if config.is_empty() { session.settings_path() } else { session.absolute(config)? };
    let Some(text) = session.host.read_text_optional(&path)? else { return Ok(String::new()) };
    let (settings, _) = Settings::parse(&text).with_context(|| path.clone())?;
    Ok(settings.cli.root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_takes_the_merged_device_away() {
        let list = |ids: &[&str]| devices(&ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        let some = |ids: &[&str]| Ask::Devices(ids.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(list(&["all"]), (Ask::All, false));
        assert_eq!(list(&["0", "GPU-1", "0"]), (some(&["0", "GPU-1"]), false));
        assert_eq!(list(&["none"]), (Ask::DriverOnly, true));
        assert_eq!(list(&["none", "1"]), (some(&["1"]), true));
    }
}
