//! What a container asks of the prestart hook, by its configuration and the administrator's.

use super::configure::{Configuration, Without};
use super::container::Container;
use super::modes;
use super::process::Claim;
use crate::{codes, configuration};
use diag::{Failure, Result};
use inject::{Ask, Request, requirement};
use oci::Config;
use settings::Settings;

/// The kinds whose devices are this machine's GPUs by their index or UUID.
const KINDS: [&str; 2] = [inject::JIT_KIND, "nvidia.com/gpu"];

/// Reads what is wanted; `None` when no GPU is asked for. `note` gets what was asked for in vain.
///
/// # Errors
/// What is asked for is not understood, not supported or not allowed.
pub(super) fn read(
    container: &Container,
    settings: &Settings,
    settings_file: &str,
    note: &dyn Fn(&str),
) -> Result<Option<Configuration>> {
    let request = inject::request(&container.config, settings, false);
    request.notes.iter().for_each(|text| note(text));
    if request.ask == Ask::Nothing {
        return Ok(None);
    }
    modes::check_settings(settings, &request.ask)?;
    let (mig_config, mig_monitor) = mig_rights(&container.config, &request)?;
    let features = &settings.features;
    Ok(Some(Configuration {
        pid: Some(container.pid),
        root: container.root.clone(),
        ask: plain(&request.ask, &settings.runtime.modes.cdi_default_kind),
        capabilities: inject::capabilities(&container.config, settings)?,
        requirements: requirement::requirements(&container.config, settings, true)?,
        cuda_compat: uses_compat(settings),
        mig_config,
        mig_monitor,
        imex_channels: channels(&request.imex_channels)?,
        make_imex_channels: features.disable_imex_channel_creation != Some(true),
        load_kernel_modules: settings.cli.load_kmods,
        own_nodes: container.config.mount_label().is_some(),
        without: Without { cgroups: settings.cli.no_cgroups, ..Without::default() },
        places: configuration::places(settings, settings_file),
        only_legacy: modes::are_restricted(settings),
        claim: Claim::Runtime,
    }))
}

/// The request by bare ids. Whatever mode the runtime shim is set to, a container that comes here has
/// asked for GPUs of this machine, and gets them: names of CDI devices that are these count as well.
fn plain(ask: &Ask, default_kind: &str) -> Ask {
    let bare = |id: &String| {
        let known = KINDS.iter().copied().chain([default_kind]);
        let of_kind = |kind: &str| id.strip_prefix(kind)?.strip_prefix('=').map(str::to_owned);
        known.filter_map(of_kind).next().unwrap_or_else(|| id.clone())
    };
    match ask {
        // libnvidia-container does not look at the letters' case of this one word.
        Ask::Devices(ids) if ids.iter().any(|id| id.eq_ignore_ascii_case("all")) => Ask::All,
        Ask::Devices(ids) if ids.iter().any(|id| cdi::is_qualified(id)) => Ask::of_list(ids.iter().map(bare)),
        other => other.clone(),
    }
}

/// Whether newer CUDA compat libraries of the image may be used: the modes in which the original
/// leaves that to `nvidia-container-cli`. In mode `hook` the runtime shim adds a hook for it.
fn uses_compat(settings: &Settings) -> bool {
    match settings.runtime.modes.legacy_cuda_compat_mode.as_str() {
        "ldconfig" | "mount" => true,
        "hook" | "disabled" => false,
        _ => settings.features.allow_cuda_compat_libs_from_container == Some(true),
    }
}

/// The rights to change and to watch MIG, which only privileged containers may have.
fn mig_rights(config: &Config, request: &Request) -> Result<(bool, bool)> {
    let env = config.env();
    let asked = |name: &str| -> Result<bool> {
        let value = env.iter().rev().find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='));
        let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(false) };
        let short = name.trim_start_matches("NVIDIA_");
        if !request.privileged {
            return Err(Failure::coded(
                codes::NOT_PRIVILEGED,
                format!("cannot set {short} in non privileged container"),
            )
            .hint(format!("start the container with --privileged, or without {name}")));
        }
        match value {
            "all" => Ok(true),
            other => {
                let kind = if short.contains("CONFIG") { "mig-config" } else { "mig-monitor" };
                let text = format!("{kind} error: {other}: only 'all' devices are currently supported");
                Err(Failure::coded(inject::codes::INVALID_DEVICE_ID, text).hint(format!("set {name}=all")))
            }
        }
    };
    Ok((asked("NVIDIA_MIG_CONFIG_DEVICES")?, asked("NVIDIA_MIG_MONITOR_DEVICES")?))
}

/// `0` and `channel0`.
fn channels(names: &[String]) -> Result<Vec<u32>> {
    let number = |name: &String| {
        name.strip_prefix("channel").unwrap_or(name).parse().map_err(|cause: std::num::ParseIntError| {
            Failure::coded(
                inject::codes::INVALID_DEVICE_ID,
                format!("imex-channel error: {name}: invalid channel"),
            )
            .caused_by(cause)
            .hint("NVIDIA_IMEX_CHANNELS is a comma list of numbers")
        })
    };
    names.iter().map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(env: &str, privileged: bool) -> Container {
        let bounding = if privileged { r#""CAP_SYS_ADMIN""# } else { "" };
        let env: Vec<String> = env.split_whitespace().map(|entry| format!("{entry:?}")).collect();
        let text = format!(
            r#"{{"process":{{"env":[{}],"capabilities":{{"bounding":[{bounding}]}}}}}}"#,
            env.join(",")
        );
        Container { config: Config::parse(text.as_bytes()).unwrap(), pid: 7, root: "/b/rootfs".into() }
    }

    fn wanted(env: &str, privileged: bool) -> Result<Option<Configuration>> {
        read(&container(env, privileged), &Settings::default(), "/c.toml", &|_| {})
    }

    #[test]
    fn every_variable_has_its_effect() {
        let of = |env: &str| wanted(env, true).unwrap().unwrap();
        assert!(wanted("NVIDIA_VISIBLE_DEVICES=void", true).unwrap().is_none());
        let all = "NVIDIA_VISIBLE_DEVICES=all";
        assert_eq!(of(all).ask, Ask::All);
        assert_eq!(of("NVIDIA_VISIBLE_DEVICES=none").ask, Ask::DriverOnly);
        let mig = of(&format!("{all} NVIDIA_MIG_CONFIG_DEVICES=all NVIDIA_MIG_MONITOR_DEVICES=all"));
        assert!(mig.mig_config && mig.mig_monitor);
        let required = of(&format!("{all} NVIDIA_REQUIRE_CUDA=cuda>=12.4"));
        assert_eq!(required.requirements[0].expression, "cuda>=12.4");
        assert_eq!(
            of(&format!("{all} NVIDIA_REQUIRE_CUDA=cuda>=12.4 NVIDIA_DISABLE_REQUIRE=1")).requirements,
            []
        );
        let imex = of(&format!("{all} NVIDIA_IMEX_CHANNELS=0,channel3"));
        assert_eq!(imex.imex_channels, [0, 3]);
        assert!(!of(all).without.cgroups && of(all).load_kernel_modules && of(all).cuda_compat);
    }

    #[test]
    fn names_of_cdi_devices_that_are_gpus_of_this_machine_are_understood() {
        let of = |list: &str| wanted(&format!("NVIDIA_VISIBLE_DEVICES={list}"), false).unwrap().unwrap().ask;
        let devices = |ids: &[&str]| Ask::Devices(ids.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(of("nvidia.com/gpu=0,nvidia.com/gpu=GPU-abc"), devices(&["0", "GPU-abc"]));
        assert_eq!(of("runtime.nvidia.com/gpu=all"), Ask::All);
        assert_eq!(of("ALL"), Ask::All);
        assert_eq!(of("0,nvidia.com/gpu=0"), devices(&["0"]));
        assert_eq!(of("other.com/gpu=0"), devices(&["other.com/gpu=0"]));
    }

    #[test]
    fn what_may_not_be_is_refused_in_the_originals_words() {
        let all = "NVIDIA_VISIBLE_DEVICES=all";
        for (variables, privileged, expected) in [
            (
                "NVIDIA_MIG_CONFIG_DEVICES=all",
                false,
                "cannot set MIG_CONFIG_DEVICES in non privileged container",
            ),
            (
                "NVIDIA_MIG_MONITOR_DEVICES=all",
                false,
                "cannot set MIG_MONITOR_DEVICES in non privileged container",
            ),
            (
                "NVIDIA_MIG_CONFIG_DEVICES=0",
                true,
                "mig-config error: 0: only 'all' devices are currently supported",
            ),
            (
                "NVIDIA_MIG_MONITOR_DEVICES=x",
                true,
                "mig-monitor error: x: only 'all' devices are currently supported",
            ),
            (
                "NVIDIA_DRIVER_CAPABILITIES=x",
                false,
                "unsupported capabilities found in 'x' (allowed 'compat32,compute,display,graphics,ngx,utility,video')",
            ),
            (
                "NVIDIA_IMEX_CHANNELS=x",
                false,
                "imex-channel error: x: invalid channel: invalid digit found in string",
            ),
        ] {
            let failure = wanted(&format!("{all} {variables}"), privileged).unwrap_err();
            assert_eq!(failure.chain(), expected, "{variables}");
        }
    }

    #[test]
    fn compat_libraries_follow_the_legacy_mode() {
        for (mode, expected) in
            [("ldconfig", true), ("mount", true), ("hook", false), ("disabled", false), ("", false)]
        {
            let mut settings = Settings::default();
            mode.clone_into(&mut settings.runtime.modes.legacy_cuda_compat_mode);
            assert_eq!(uses_compat(&settings), expected, "{mode}");
        }
    }
}
