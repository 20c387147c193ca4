//! H306: does the toolkit's configuration fit the machine?

use crate::codes::TOOLKIT_CONFIG;
use crate::facts::{EngineKind, Platform, ToolkitFile, ToolkitSettings, UNKNOWN_MODE};
use crate::{Facts, Remedy, serving, specifications};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let file = match facts.settings.as_result() {
        Ok(file) => file,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let found = match &file.content {
        ToolkitSettings::Absent => return Outcome::Fine(format!("defaults (no {})", file.path)),
        ToolkitSettings::Broken(position) => vec![broken(file, position)],
        ToolkitSettings::Read { mode, no_cgroups, root, root_exists, missing_runtimes, .. } => {
            let findings = [
                unknown_mode(facts, file, mode),
                no_runtime(facts, file, missing_runtimes),
                forbids_nodes(facts, file, *no_cgroups, mode),
                no_root(file, root.as_deref(), *root_exists),
                wrong_mode(facts, file, mode),
                refuses_variable(facts, file),
            ];
            findings.into_iter().flatten().collect()
        }
    };
    if found.is_empty() { Outcome::Fine(file.path.clone()) } else { Outcome::Found(found) }
}

fn broken(file: &ToolkitFile, position: &str) -> Finding {
    let message = format!("{} is not valid: no container with a GPU will start", file.path);
    Finding::new(TOOLKIT_CONFIG, Severity::Error, message).evidence(position)
}

/// Only the old way (the hook) leaves device rules to this setting; CDI gives them to runc.
fn forbids_nodes(facts: &Facts, file: &ToolkitFile, no_cgroups: bool, mode: &str) -> Option<Finding> {
    let rootful = serving::answer(facts).is_some_and(|answer| !answer.rootless && !answer.podman);
    let by_hook = serving::served_by_hook(facts);
    if !no_cgroups || !rootful || !by_hook {
        return None;
    }
    let message =
        "`no-cgroups = true` with a rootful daemon: containers get device nodes that they may not open";
    Some(
        Finding::new(TOOLKIT_CONFIG, Severity::Error, message)
            .evidence(format!("nvidia-container-cli.no-cgroups in {}", file.path))
            .evidence(format!("the daemon is not rootless, and `--gpus` is served by the hook (mode {mode})"))
            .help("a rootless daemon of the same machine is better served by CDI"),
    )
}

/// Only containers of the runtime `nvidia` need one; the hook does not.
fn no_runtime(facts: &Facts, file: &ToolkitFile, missing: &[String]) -> Option<Finding> {
    // Other ways to install runc are not looked at; with another list than the usual one somebody meant it.
    let usual = ["runc", "crun", "docker-runc"];
    if missing.is_empty() || missing.iter().any(|name| usual.contains(&name.as_str())) {
        return None;
    }
    let severity = runtime_severity(facts);
    let message = format!("the runtime `nvidia` looks for {}, which is not there", missing.join(", "));
    Some(
        Finding::new(TOOLKIT_CONFIG, severity, message)
            .evidence(format!("nvidia-container-runtime.runtimes in {}", file.path)),
    )
}

/// What stops the runtime `nvidia` stops all containers where it is the default one.
fn runtime_severity(facts: &Facts) -> Severity {
    let is_default =
        serving::answer(facts).is_some_and(|answer| answer.default_runtime.starts_with("nvidia"));
    if is_default { Severity::Error } else { Severity::Warning }
}

/// The hook does not look at the mode closely; the runtime ends.
fn unknown_mode(facts: &Facts, file: &ToolkitFile, mode: &str) -> Option<Finding> {
    if mode != UNKNOWN_MODE || facts.question.engine == EngineKind::Podman {
        return None;
    }
    let message = "the toolkit's mode is none that it knows: no container of the runtime `nvidia` will start";
    Some(
        Finding::new(TOOLKIT_CONFIG, runtime_severity(facts), message)
            .evidence(format!("nvidia-container-runtime.mode in {}", file.path))
            .help("it is one of auto, legacy, csv, cdi and jit-cdi"),
    )
}

/// Docker's `--gpus` reaches the hook as a variable, which is then not listened to. Where there is a
/// specification, `--device` still works.
fn refuses_variable(facts: &Facts, file: &ToolkitFile) -> Option<Finding> {
    let ToolkitSettings::Read { refuses_variable: true, .. } = &file.content else { return None };
    if facts.question.engine != EngineKind::Docker || !serving::served_by_hook(facts) {
        return None;
    }
    let seen = facts.specifications.known();
    let has_other_way = seen.is_some_and(|seen| specifications::valid(&seen.files).next().is_some());
    let severity = if has_other_way { Severity::Warning } else { Severity::Error };
    let message = "`--gpus` and `--runtime=nvidia` give no GPU to containers without `--privileged`, and say nothing of it";
    Some(
        Finding::new(TOOLKIT_CONFIG, severity, message)
            .evidence(format!(
                "accept-nvidia-visible-devices-envvar-when-unprivileged = false in {}",
                file.path
            ))
            .help("meant for Kubernetes nodes, where a device plugin asks in another way"),
    )
}

fn no_root(file: &ToolkitFile, root: Option<&str>, exists: Option<bool>) -> Option<Finding> {
    let root = root.filter(|_| exists == Some(false))?;
    let message = format!("the toolkit is told to look for the driver in {root}, which is not there");
    Some(
        Finding::new(TOOLKIT_CONFIG, Severity::Error, message)
            .evidence(format!("nvidia-container-cli.root in {}", file.path)),
    )
}

fn wrong_mode(facts: &Facts, file: &ToolkitFile, mode: &str) -> Option<Finding> {
    let platform = facts.machine.known()?.platform;
    if mode != "csv" || platform == Platform::Tegra {
        return None;
    }
    let message = "the toolkit is set to mode `csv`, which is for Tegra: no GPU of a graphics card is given";
    Some(
        Finding::new(TOOLKIT_CONFIG, Severity::Error, message)
            .evidence(format!("nvidia-container-runtime.mode in {}", file.path)),
    )
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let file = facts.settings.known()?;
    let ToolkitSettings::Read { no_cgroups, root_exists, mode, missing_runtimes, refuses_variable, .. } =
        &file.content
    else {
        return Some(
            Remedy::shown(format!("put {} right at that place", file.path), "the toolkit's configuration")
                .as_root(),
        );
    };
    let other = *root_exists == Some(false) || mode == "csv" || mode == UNKNOWN_MODE || *no_cgroups;
    if *refuses_variable && !other && missing_runtimes.is_empty() {
        let command = "ask by CDI (--device nvidia.com/gpu=all), or, if every user of this daemon may have every GPU: sudo nvidia-ctk config --set accept-nvidia-visible-devices-envvar-when-unprivileged=true --in-place";
        return Some(Remedy::shown(command, "the toolkit's configuration file").as_root());
    }
    if !missing_runtimes.is_empty() && !other {
        let command = "sudo nvidia-ctk config --set nvidia-container-runtime.runtimes=runc,crun --in-place";
        return Some(Remedy::shown(command, "the toolkit's configuration file").as_root());
    }
    let set = match (root_exists, mode.as_str(), no_cgroups) {
        (Some(false), _, _) => "nvidia-container-cli.root=",
        (_, "csv" | UNKNOWN_MODE, _) => "nvidia-container-runtime.mode=auto",
        _ => "nvidia-container-cli.no-cgroups=false",
    };
    Some(
        Remedy::safe(
            format!("sudo nvidia-ctk config --set {set} --in-place"),
            "the toolkit's configuration file",
        )
        .as_root(),
    )
}
