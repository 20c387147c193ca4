//! The options of `cdi generate`, checked.

use super::program;
use crate::arguments::Parsed;
use crate::codes;
use crate::session::Session;
use diag::{Failure, Result, ResultExt};
use discover::{Mode, MountLists, Special};
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
    /// One specification for all GPUs and one each for those that share the CPU's address space and
    /// those that do not.
    pub(super) coherent: bool,
    /// Take the driver's files at the start of each container.
    pub(super) live: bool,
    /// Write it although something that containers need is missing.
    pub(super) allow_incomplete: bool,
}

/// Feature flags without an effect here, because what they switch does not exist.
const NEEDLESS_FLAGS: [&str; 2] = ["disable-nvsandboxutils", "disable-nvsandbox-utils"];
const NO_GIDS: &str = "no-additional-gids-for-device-nodes";
const NO_SOCKETS: &str = "disable-ipc-discoverer";
const COHERENT: &str = "enable-coherent-annotations";
const EXPLICIT_LIBRARIES: &str = "enable-explicit-driver-libraries";
const SINGLE_CSV_DEVICE: &str = "disable-multiple-csv-devices";

/// Feature flags with an effect.
const FLAGS: [&str; 5] = [NO_GIDS, NO_SOCKETS, COHERENT, EXPLICIT_LIBRARIES, SINGLE_CSV_DEVICE];

/// Reads and checks all options.
pub(super) fn read(session: &mut Session, parsed: &Parsed) -> Result<Options> {
    let (special, mode) = mode(&parsed.text("mode").to_ascii_lowercase())?;
    let (devices, none) = devices(&parsed.list("device-id"));
    if none {
        session.warn("device `none` was asked for: there will be no device `all`");
    }
    let features = named(parsed, "feature-flag");
    warn_of_features(session, &features);
    let spec = SpecOptions {
        vendor: parsed.text("vendor").to_owned(),
        class: parsed.text("class").to_owned(),
        naming: parsed.list("device-name-strategy").iter().map(|name| naming(name)).collect::<Result<_>>()?,
        all_device: !parsed.switch("no-all-device") && !none,
        devices,
        policy: policy(session, parsed, &features)?,
    };
    cdi::validate_vendor(&spec.vendor).context("invalid CDI vendor name")?;
    cdi::validate_class(&spec.class).context("invalid CDI class name")?;
    let has = |wanted: &str| features.iter().any(|flag| flag == wanted);
    let mut places = places(session, parsed)?;
    places.mode = mode;
    places.explicit_libraries = has(EXPLICIT_LIBRARIES);
    places.mount_lists.single_device = has(SINGLE_CSV_DEVICE);
    let options = Options {
        spec,
        places,
        special,
        without_sockets: has(NO_SOCKETS),
        coherent: has(COHERENT),
        live: parsed.switch("live"),
        allow_incomplete: parsed.switch("allow-incomplete"),
    };
    if options.live {
        super::live::check(&options)?;
    }
    Ok(options)
}

/// The values of a list in which an empty one names nothing: scripts pass on what may not be set.
pub(super) fn named(parsed: &Parsed, option: &str) -> Vec<String> {
    parsed.list(option).into_iter().filter(|value| !value.is_empty()).collect()
}

fn mode(name: &str) -> Result<(Option<Special>, Mode)> {
    match (Special::from_name(name), Mode::from_name(name)) {
        (special @ Some(_), _) => Ok((special, Mode::Auto)),
        (None, Some(mode)) => Ok((None, mode)),
        (None, None) => Err(Failure::coded(codes::BAD_VALUE, format!("invalid discovery mode: {name}"))),
    }
}

fn naming(name: &str) -> Result<Naming> {
    Naming::from_name(name)
        .ok_or_else(|| Failure::coded(codes::BAD_VALUE, format!("invalid device name strategy: {name}")))
}

/// The devices, and whether `none` was among them: then there are no others, unless all are asked for.
fn devices(ids: &[String]) -> (Ask, bool) {
    let has = |wanted: &str| ids.iter().any(|id| id == wanted);
    let none = has("none");
    match (has("all"), none) {
        (true, _) => (Ask::All, none),
        (false, true) => (Ask::DriverOnly, true),
        (false, false) => (Ask::Devices(ids.to_vec()), false),
    }
}

fn policy(session: &mut Session, parsed: &Parsed, features: &[String]) -> Result<Policy> {
    let enabled = named(parsed, "enable-hook");
    if enabled.iter().any(|name| name == "all") {
        return Err(Failure::coded(codes::BAD_VALUE, "enabling all hooks is not supported"));
    }
    let disabled = named(parsed, "disable-hook");
    for name in disabled.iter().chain(&enabled).filter(|name| *name != "all") {
        if !HOOK_NAMES.contains(&name.as_str()) {
            let failure = Failure::coded(codes::BAD_VALUE, format!("there is no hook {name:?}"));
            return Err(failure.hint(format!("the hooks are {}", HOOK_NAMES.join(", "))));
        }
    }
    let ldconfig = parsed.text("ldconfig-path");
    let hook_style = hook_style(parsed.text("hook-style"))?;
    if hook_style == HookStyle::Fused && !ldconfig.is_empty() {
        session.warn(
            "--ldconfig-path has no effect: the hook merges the loader's cache itself and runs nothing",
        );
    }
    Ok(Policy {
        hook_style,
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
        if !FLAGS.contains(&flag.as_str()) && !NEEDLESS_FLAGS.contains(&flag.as_str()) {
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
        library_search_paths: named(parsed, "library-search-path"),
        mount_lists: mount_lists(parsed),
        ..discover::Options::default()
    })
}

fn mount_lists(parsed: &Parsed) -> MountLists {
    let usual = MountLists::default();
    let root = parsed.text("csv.compat-container-root");
    MountLists {
        files: parsed.list("csv.file"),
        ignore_patterns: parsed.list("csv.ignore-pattern"),
        compat_root: if root.is_empty() { usual.compat_root.clone() } else { root.to_owned() },
        ..usual
    }
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
    fn none_takes_the_others_away() {
        let list = |ids: &[&str]| devices(&ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        let some = |ids: &[&str]| Ask::Devices(ids.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(list(&["all"]), (Ask::All, false));
        assert_eq!(list(&["0", "GPU-1", "0"]), (some(&["0", "GPU-1", "0"]), false));
        assert_eq!(list(&["void"]), (some(&["void"]), false));
        assert_eq!(list(&["none"]), (Ask::DriverOnly, true));
        assert_eq!(list(&["none", "1"]), (Ask::DriverOnly, true));
        assert_eq!(list(&["all", "none"]), (Ask::All, true));
    }
}
