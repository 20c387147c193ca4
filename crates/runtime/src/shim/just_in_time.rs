//! Edits made from the machine as it is at this moment.

use super::executables;
use crate::configuration;
use cdi::ContainerEdits;
use diag::Result;
use host::Host;
use inject::{Ask, Policy, Request};
use settings::Settings;

/// The edits that give a container what it asks for. `called_as` is the path by which the shim was
/// called.
///
/// # Errors
/// What is asked for is not on this machine; our hook program is missing.
pub(super) fn edits(
    host: &Host,
    settings: &Settings,
    settings_file: &str,
    called_as: &str,
    ask: &Ask,
) -> Result<ContainerEdits> {
    let driver = discover::inventory::load(host, &configuration::places(settings, settings_file))?;
    let policy = policy(settings, executables::cdi_hook(host, called_as)?);
    inject::edits(&Request { ask: ask.clone(), ..Request::default() }, &driver, &policy)
}

fn policy(settings: &Settings, hook_path: String) -> Policy {
    const NO_GIDS: &str = "no-additional-gids-for-device-nodes";
    let modes = &settings.runtime.modes;
    let without_gids = settings.features.no_additional_gids_for_device_nodes == Some(true)
        || modes.jit_feature_flags.iter().any(|flag| flag == NO_GIDS);
    Policy {
        additional_gids: !without_gids,
        disabled_hooks: modes.jit_disable_hooks.clone(),
        ..Policy::new(hook_path)
    }
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
        assert_eq!(of(&format!("{jit}nvcdi-disable-hooks = [\"chmod\"]")).disabled_hooks, ["chmod"]);
    }
}
