//! What the facts say about CDI specifications: who needs them, and how they fit the machine.

use crate::facts::{
    CDI_HOOK, EngineKind, Facts, HOOK, NodeConfig, SpecificationContent, SpecificationFile,
    SpecificationSeen, ToolkitSettings,
};
use crate::{Remedy, codes, serving};
use diag::{Code, Outcome, Severity};
use knowledge::Numbers;

/// The newest `cdiVersion` that an engine reads, by the engine's first version that does: that of the
/// library in its release (`CurrentVersion` below `vendor/` at each tag of containers/podman and moby/moby,
/// read on 2026-11-21). Debian's packages of 4.3, 5.4, 5.8 and of 26.1, 28.5 were tried and agree.
const PODMAN: &[(&str, &str)] = &[
    ("5.5", "1.0.0"),
    ("5.2", "0.8.0"),
    ("5.1", "0.7.0"),
    ("4.7", "0.6.0"),
    ("4.3", "0.5.0"),
    ("4.1", "0.4.0"),
];
const DOCKER: &[(&str, &str)] = &[
    ("29.2", "1.1.0"),
    ("28.1", "1.0.0"),
    ("27.4", "0.8.0"),
    ("26.1", "0.7.0"),
    ("26.0", "0.6.0"),
    ("25.0.17", "0.8.0"),
    ("25.0", "0.6.0"),
];
/// The first version with groups of device nodes, which a generated specification has unless told not to.
const WITH_GROUPS: &str = "0.7.0";
/// What leaves them out, so that the specification is one of version 0.5.0.
pub(crate) const WITHOUT_GROUPS: &str = "--feature-flag=no-additional-gids-for-device-nodes";

/// The files, when there are any that this engine looks at.
pub(crate) fn applicable(facts: &Facts) -> Result<&[SpecificationFile], Outcome> {
    match facts.specifications.as_result() {
        Err(reason) => Err(Outcome::CannotTell(reason.to_string())),
        Ok(seen) if seen.files.is_empty() => {
            Err(Outcome::DoesNotApply("there is no CDI specification".to_owned()))
        }
        Ok(seen) => Ok(&seen.files),
    }
}

/// The valid ones.
pub(crate) fn valid(
    files: &[SpecificationFile],
) -> impl Iterator<Item = (&SpecificationFile, &SpecificationSeen)> {
    files.iter().filter_map(|file| match &file.content {
        SpecificationContent::Valid(seen) => Some((file, seen)),
        _ => None,
    })
}

/// Whether containers of this engine get their GPUs from specifications only.
pub(crate) fn are_needed(facts: &Facts) -> bool {
    match facts.question.engine {
        EngineKind::Podman => true,
        EngineKind::Containerd | EngineKind::Crio => by_mode(facts),
        EngineKind::Docker => {
            let has = |name: &str| {
                facts.toolkit.known().is_some_and(|toolkit| {
                    toolkit.programs.iter().any(|program| program.name == name && program.executable)
                })
            };
            // Docker falls back to the old hook when there is no specification.
            by_mode(facts) || (is_by_cdi(facts) && has(CDI_HOOK) && !has(HOOK))
        }
    }
}

/// Whether GPUs come by way of the runtime `nvidia`, and that takes them from specifications only: mode `cdi`.
pub(crate) fn by_mode(facts: &Facts) -> bool {
    let settings = facts.settings.known().map(|file| &file.content);
    matches!(settings, Some(ToolkitSettings::Read { mode, .. }) if mode == "cdi") && by_runtime(facts)
}

/// Whether the engine that is asked about leads containers to the runtime `nvidia`.
fn by_runtime(facts: &Facts) -> bool {
    match facts.question.engine {
        EngineKind::Podman => false,
        EngineKind::Docker => serving::answer(facts).is_some_and(|answer| answer.default_runtime == "nvidia"),
        EngineKind::Containerd | EngineKind::Crio => {
            let node = facts.node.known().and_then(Option::as_ref).map(|node| &node.content);
            matches!(node, Some(NodeConfig::Read { runtimes, .. }) if runtimes.iter().any(|name| name == "nvidia"))
        }
    }
}

/// Whether a specification of somebody's GPUs is there, also one of a device plugin
/// (`k8s.device-plugin.nvidia.com/gpu`) or of another default kind; `None`: that could not be seen.
pub(crate) fn any_of_gpus(facts: &Facts) -> Option<bool> {
    let seen = facts.specifications.known()?;
    Some(valid(&seen.files).any(|(_, spec)| spec.kind.ends_with("/gpu")))
}

/// Whether this Docker serves `--gpus` from specifications when there are some.
pub(crate) fn is_by_cdi(facts: &Facts) -> bool {
    serving::answer(facts).is_some_and(|answer| {
        serving::version(&answer.version).is_some_and(|version| version >= (29, 2))
            && answer.cdi_directories.as_ref().is_some_and(|list| !list.is_empty())
    })
}

/// How bad a bad specification is: where GPUs come from nowhere else it stops everything.
pub(crate) fn weight(facts: &Facts) -> Severity {
    match facts.question.engine {
        EngineKind::Podman => Severity::Error,
        EngineKind::Docker if is_by_cdi(facts) => Severity::Error,
        _ => Severity::Warning,
    }
}

/// What a specification says that is no longer so.
pub(crate) fn drift(facts: &Facts, spec: &SpecificationSeen) -> Vec<String> {
    let mut drift: Vec<String> = spec.missing.iter().map(|path| format!("{path} is not there")).collect();
    drift.extend(spec.wrong_numbers.iter().cloned());
    let module = facts.driver.known().and_then(|driver| driver.module_version.as_deref());
    let other = spec.driver_versions.iter().filter(|version| module.is_some_and(|module| module != *version));
    drift.extend(other.map(|version| {
        format!("it mounts files of driver {version}, {} is loaded", module.unwrap_or_default())
    }));
    drift.extend(too_many(facts, spec));
    drift
}

/// A GPU that went away leaves its name in the specification.
fn too_many(facts: &Facts, spec: &SpecificationSeen) -> Option<String> {
    let gpus = facts.gpus.known().filter(|gpus| !gpus.is_empty())?.len();
    let indices = spec.devices.iter().filter_map(|name| name.parse::<usize>().ok());
    let highest = indices.max().filter(|_| spec.kind == "nvidia.com/gpu")?;
    (highest >= gpus).then(|| format!("it has {}={highest}, this machine has {gpus} GPU(s)", spec.kind))
}

/// The engine that is asked about and the newest version that it reads; `None` when it is not known.
pub(crate) fn newest_version(facts: &Facts) -> Option<(String, &'static str)> {
    let (name, version, table) = match facts.question.engine {
        EngineKind::Docker => ("Docker", serving::answer(facts)?.version.clone(), DOCKER),
        EngineKind::Podman => {
            let package = facts.packages.known()?.iter().find(|package| package.name == "podman")?;
            ("podman", package.upstream().to_owned(), PODMAN)
        }
        EngineKind::Containerd | EngineKind::Crio => return None,
    };
    let digits: String = version.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let own = Numbers::parse(digits.trim_end_matches('.'))?;
    let newest = table.iter().find(|(from, _)| Numbers::parse(from).is_some_and(|from| from <= own));
    Some((format!("{name} {digits}"), newest.map_or("none", |(_, newest)| newest)))
}

/// Whether a specification's version is beyond the newest that is read.
pub(crate) fn is_newer(version: &str, newest: &str) -> bool {
    match (Numbers::parse(version), Numbers::parse(newest)) {
        (Some(version), Some(newest)) => version > newest,
        (_, None) => true,
        (None, _) => false,
    }
}

/// Whether a specification for this engine must do without groups of device nodes.
pub(crate) fn is_for_old_engine(facts: &Facts) -> bool {
    newest_version(facts).is_some_and(|(_, newest)| is_newer(WITH_GROUPS, newest))
}

/// The valid ones that something is taken from. Of two directories the later one counts, so that a
/// specification whose devices all stand in a later one is out of use.
pub(crate) fn in_use(facts: &Facts) -> impl Iterator<Item = (&SpecificationFile, &SpecificationSeen)> {
    let seen = facts.specifications.known();
    let files = seen.map(|seen| seen.files.as_slice()).unwrap_or_default();
    let place = move |file: &SpecificationFile| {
        seen.and_then(|seen| seen.looked_in.iter().position(|folder| *folder == file.directory))
    };
    let is_later = move |file: &SpecificationFile, spec: &SpecificationSeen, name: &String| {
        valid(files).any(|(other, its)| {
            place(other) > place(file) && its.kind == spec.kind && its.devices.contains(name)
        })
    };
    valid(files).filter(move |(file, spec)| !spec.devices.iter().all(|name| is_later(file, spec, name)))
}

/// Whether some valid specification names GPUs: then a broken one beside it takes nothing away.
pub(crate) fn has_gpus(files: &[SpecificationFile]) -> bool {
    valid(files).any(|(_, spec)| spec.kind == "nvidia.com/gpu" && !spec.devices.is_empty())
}

/// The specification that is made again against a cause: the file that the cause was found in, else the
/// one that is there, else a new one where the engine looks.
pub(crate) fn to_renew(facts: &Facts, code: Code) -> String {
    let files = facts.specifications.known().map(|seen| seen.files.as_slice()).unwrap_or_default();
    let newest = newest_version(facts);
    let is_found = |(_, spec): &(&SpecificationFile, &SpecificationSeen)| match code {
        codes::CDI_STALE => !drift(facts, spec).is_empty(),
        codes::CDI_HOOK => !spec.missing_hooks.is_empty(),
        codes::CDI_VERSION => newest.as_ref().is_some_and(|(_, newest)| is_newer(&spec.version, newest)),
        _ => false,
    };
    let found = in_use(facts).find(is_found).map(|(file, _)| file);
    let broken = || files.iter().find(|file| matches!(file.content, SpecificationContent::Invalid(_)));
    let own = || files.iter().find(|file| file.path.ends_with("/nvidia.yaml"));
    let existing = match code {
        codes::CDI_VALID => broken(),
        codes::CDI_DIRECTORIES => None,
        _ => found.or_else(own).or(files.first()),
    };
    existing.map_or_else(|| format!("{}/nvidia.yaml", directory(facts)), |file| file.path.clone())
}

/// Where a new specification goes: to where generated ones belong, unless this daemon looks elsewhere.
fn directory(facts: &Facts) -> &str {
    const USUAL: [&str; 2] = ["/var/run/cdi", "/run/cdi"];
    let docker = serving::answer(facts).filter(|_| facts.question.engine == EngineKind::Docker);
    let directories = docker.and_then(|answer| answer.cdi_directories.as_deref()).unwrap_or_default();
    match directories.first() {
        Some(first) if !directories.iter().any(|one| USUAL.contains(&one.trim_end_matches('/'))) => first,
        _ => "/var/run/cdi",
    }
}

/// Makes the specification again.
pub(crate) fn renew(facts: &Facts, code: Code) -> Remedy {
    let path = to_renew(facts, code);
    let flag = if is_for_old_engine(facts) { format!("{WITHOUT_GROUPS} ") } else { String::new() };
    Remedy::safe(format!("sudo nvidia-ctk cdi generate {flag}--output={path}"), "the CDI specification")
        .as_root()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_numbers() {
        assert!(is_newer("0.6.0", "0.5.0") && is_newer("1.0.0", "0.8.0") && is_newer("0.3.0", "none"));
        assert!(!is_newer("0.5.0", "0.5.0") && !is_newer("0.5.0", "1.0.0"));
    }
}
