//! The modes of the runtime shim in which the prestart hook serves containers: every one, unless
//! `features.original-hook-modes` asks for what the original does.

use crate::codes;
use diag::{Failure, Result};
use driver::Platform;
use inject::Ask;
use settings::{Mode, Settings};

const REFUSED: &str = "invoking the NVIDIA Container Runtime Hook directly (e.g. specifying the docker --gpus flag) is not supported. Please use the NVIDIA Container Runtime (e.g. specify the --runtime=nvidia flag) instead";

/// Whether the settings ask for the original's refusal. `skip-mode-detection` is above it.
pub(super) fn are_restricted(settings: &Settings) -> bool {
    settings.features.original_hook_modes == Some(true) && !settings.hook.skip_mode_detection
}

/// Refuses a container for which the settings alone give another mode than `legacy`.
pub(super) fn check_settings(settings: &Settings, ask: &Ask) -> Result<()> {
    if !are_restricted(settings) {
        return Ok(());
    }
    match settings.mode() {
        Ok(Mode::Legacy) => Ok(()),
        Ok(Mode::Auto) if !ask.is_all_qualified() => Ok(()),
        Ok(Mode::Auto) => Err(refused("cdi")),
        Ok(_) | Err(_) => Err(refused(&settings.runtime.mode)),
    }
}

/// On a Tegra system the mode `auto` is `csv`.
pub(super) fn check_platform(restricted: bool, platform: Platform) -> Result<()> {
    if restricted && platform == Platform::Tegra { Err(refused("csv")) } else { Ok(()) }
}

fn refused(mode: &str) -> Failure {
    Failure::coded(codes::NOT_LEGACY, REFUSED).hint(format!(
        "the mode is {mode:?}, and features.original-hook-modes in config.toml has the hook serve `legacy` only; without that line --gpus works in every mode"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_original_refusal_comes_only_when_it_is_asked_for() {
        let one = Ask::Devices(vec!["0".to_owned()]);
        let named = Ask::Devices(vec!["nvidia.com/gpu=0".to_owned()]);
        let said = |text: &str, ask: &Ask| {
            let settings = Settings::parse(text).unwrap().0;
            check_settings(&settings, ask).err().map(|failure| failure.line())
        };
        let asked = "[features]\noriginal-hook-modes = true\n";
        for mode in ["auto", "legacy", "csv", "cdi", "jit-cdi", "bogus"] {
            let runtime = format!("[nvidia-container-runtime]\nmode = \"{mode}\"\n");
            assert_eq!(said(&runtime, &one), None, "{mode}");
            let refusal = said(&format!("{asked}{runtime}"), &one);
            assert_eq!(refusal.is_some(), !matches!(mode, "auto" | "legacy"), "{mode}");
            let above = "[nvidia-container-runtime-hook]\nskip-mode-detection = true\n";
            assert_eq!(said(&format!("{asked}{runtime}{above}"), &one), None, "{mode}");
        }
        let refusal = said(asked, &named).unwrap();
        assert!(refusal.starts_with(&format!("{REFUSED} [R411]; hint: the mode is \"cdi\"")), "{refusal}");
    }

    #[test]
    fn on_tegra_the_mode_auto_is_another() {
        assert!(check_platform(true, Platform::Tegra).is_err());
        assert!(check_platform(true, Platform::Pci).is_ok());
        assert!(check_platform(false, Platform::Tegra).is_ok());
    }
}
