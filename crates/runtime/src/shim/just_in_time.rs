//! Edits made from the machine as it is at this moment.

use super::executables;
use cdi::ContainerEdits;
use diag::Result;
use discover::Special;
use host::Host;
use inject::{Ask, Policy, Request, special_device};
use settings::Settings;

/// The edits that give a container what it asks for, and the devices of `extras` that are there. `called_as` is the path by which the shim was
/// called.
///
/// # Errors
/// What is asked for is not on this machine; our hook program is missing.
pub(super) fn edits(
    host: &Host,
    settings: &Settings,
    places: &discover::Options,
    called_as: &str,
    ask: &Ask,
    extras: &[&str],
) -> Result<ContainerEdits> {
    let mut driver = discover::inventory::load(host, places)?;
    if has_flag(settings, "disable-ipc-discoverer") {
        driver.sockets.clear();
    }
    let policy = policy(settings, executables::cdi_hook(host, called_as)?);
    let mut edits = inject::edits(&Request { ask: ask.clone(), ..Request::default() }, &driver, &policy)?;
    for special in extras.iter().filter_map(|name| Special::from_name(name)) {
        let found = discover::special(host, places, special)?;
        edits.append(&special_device("all", &found.nodes, &found.files, &policy).container_edits);
    }
    Ok(edits)
}

fn policy(settings: &Settings, hook_path: String) -> Policy {
    let without_gids = settings.features.no_additional_gids_for_device_nodes == Some(true)
        || has_flag(settings, "no-additional-gids-for-device-nodes");
    Policy {
        additional_gids: !without_gids,
        disabled_hooks: settings.runtime.modes.jit_disable_hooks.clone(),
        ..Policy::new(hook_path)
    }
}

/// Whether `nvcdi-feature-flags` has that flag.
fn has_flag(settings: &Settings, name: &str) -> bool {
    settings.runtime.modes.jit_feature_flags.iter().any(|flag| flag == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_decide_on_groups_and_hooks() {
        let of = |text: &str| policy(&Settings::parse(text).expect("valid").0, "/h".into());
        assert!(of("").additional_gids);
        assert!(!of("features.no-additional-gids-for-device-nodes = true").additional_gids);
        let jit = "[nvidia-container-runtime.modes.jit-cdi]\n";
        assert!(
            !of(&format!("{jit}nvcdi-feature-flags = [\"no-additional-gids-for-device-nodes\"]"))
                .additional_gids
        );
        let flags = format!("{jit}nvcdi-feature-flags = [\"a\", \"disable-ipc-discoverer\"]");
        let settings = Settings::parse(&flags).expect("valid").0;
        assert!(has_flag(&settings, "disable-ipc-discoverer") && !has_flag(&settings, "b"));
        assert_eq!(of(&format!("{jit}nvcdi-disable-hooks = [\"chmod\"]")).disabled_hooks, ["chmod"]);
    }
}
