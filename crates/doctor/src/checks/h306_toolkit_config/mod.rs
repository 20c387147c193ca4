//! H306: does the toolkit's configuration fit the machine?

use crate::codes::TOOLKIT_CONFIG;
use crate::facts::{Platform, ToolkitFile, ToolkitSettings};
use crate::serving;
use crate::{Facts, Remedy};
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
                no_runtime(facts, file, missing_runtimes),
                forbids_nodes(facts, file, *no_cgroups, mode),
                no_root(file, root.as_deref(), *root_exists),
                wrong_mode(facts, file, mode),
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
    let is_default =
        serving::answer(facts).is_some_and(|answer| answer.default_runtime.starts_with("nvidia"));
    let severity = if is_default { Severity::Error } else { Severity::Warning };
    let message = format!("the runtime `nvidia` looks for {}, which is not there", missing.join(", "));
    Some(
        Finding::new(TOOLKIT_CONFIG, severity, message)
            .evidence(format!("nvidia-container-runtime.runtimes in {}", file.path)),
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
    let ToolkitSettings::Read { no_cgroups, root_exists, mode, missing_runtimes, .. } = &file.content else {
        return Some(
            Remedy::shown(format!("put {} right at that place", file.path), "the toolkit's configuration")
                .as_root(),
        );
    };
    let other = *root_exists == Some(false) || mode == "csv" || *no_cgroups;
    if !missing_runtimes.is_empty() && !other {
        let command = "sudo nvidia-ctk config --set nvidia-container-runtime.runtimes=runc,crun --in-place";
        return Some(Remedy::shown(command, "the toolkit's configuration file").as_root());
    }
    let set = match (root_exists, mode.as_str(), no_cgroups) {
        (Some(false), _, _) => "nvidia-container-cli.root=",
        (_, "csv", _) => "nvidia-container-runtime.mode=auto",
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
