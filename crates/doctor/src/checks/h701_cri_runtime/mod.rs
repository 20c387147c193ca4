//! H701: does the node's container runtime know the runtime nvidia?

use crate::codes::CRI_RUNTIME;
use crate::facts::{FaultyRuntime, NodeConfig, NodeRuntime, RuntimeFault};
use crate::{Facts, Remedy, specifications};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let node = match node(facts) {
        Ok(node) => node,
        Err(outcome) => return outcome,
    };
    if let Some(outcome) = by_cdi(facts, node) {
        return outcome;
    }
    let message = match &node.content {
        NodeConfig::Absent => {
            format!("{} does not exist: the runtime `nvidia` is not registered", node.config)
        }
        NodeConfig::Broken(how) => {
            return Outcome::Found(vec![finding(format!("{} is not valid", node.config)).evidence(how)]);
        }
        NodeConfig::Read { quoted_version, .. } if !quoted_version.is_empty() => {
            format!("`version` in {} stands in quotes: containerd does not start", quoted_version.join(", "))
        }
        NodeConfig::Read { cri_disabled: true, .. } => {
            format!("{} switches the CRI plugin off, without which there are no pods", node.config)
        }
        NodeConfig::Read { missing_programs, .. } if !missing_programs.is_empty() => {
            format!(
                "the program of the runtime `nvidia`, {}, cannot be executed",
                missing_programs.join(", ")
            )
        }
        NodeConfig::Read { runtimes, default_runtime, faults, cdi, .. }
            if is_registered(runtimes, default_runtime.as_deref()) =>
        {
            return registered(facts, node, faults, *cdi, default_runtime.as_deref().unwrap_or("runc"));
        }
        NodeConfig::Read { misplaced, .. } if !misplaced.is_empty() => {
            format!("the runtime `nvidia` stands where containerd does not look: {}", misplaced.join(", "))
        }
        NodeConfig::Read { for_containerd_2, .. } if !for_containerd_2.is_empty() => {
            return Outcome::CannotTell(format!(
                "the runtime `nvidia` stands in {}, which containerd 2 reads and containerd 1 does not",
                for_containerd_2.join(", ")
            ));
        }
        NodeConfig::Read { .. } => {
            "the runtime `nvidia` is not registered with the node's container runtime".to_owned()
        }
    };
    Outcome::Found(vec![finding(message).evidence(format!("looked in {} and in what it loads", node.config))])
}

/// Some clouds give it another name, and make it the default.
fn is_registered(runtimes: &[String], default: Option<&str>) -> bool {
    let default = default.filter(|name| name.starts_with("nvidia")).unwrap_or("nvidia");
    runtimes.iter().any(|name| name == "nvidia" || name == default)
}

/// Without the runtime `nvidia`: whether GPUs come by CDI, which containerd does since 2.0 and CRI-O since
/// long when there is a specification.
fn by_cdi(facts: &Facts, node: &NodeRuntime) -> Option<Outcome> {
    let cdi = match &node.content {
        NodeConfig::Absent if !node.kind.is_cluster() => None,
        NodeConfig::Read { runtimes, default_runtime, cri_disabled, quoted_version, cdi, .. } => {
            let is_running = !cri_disabled && quoted_version.is_empty();
            let is_without = !is_registered(runtimes, default_runtime.as_deref());
            (is_running && is_without).then_some(*cdi)?
        }
        _ => return None,
    };
    match (cdi, specifications::any_of_gpus(facts)) {
        (Some(false), _) | (_, Some(false)) => None,
        (Some(true), Some(true)) => Some(Outcome::Fine("no runtime `nvidia`: GPUs come by CDI".to_owned())),
        _ => Some(Outcome::CannotTell(
            "there is no runtime `nvidia`, which does if this release gives GPUs by CDI".to_owned(),
        )),
    }
}

/// Plain runc under that name does where containerd itself gives GPUs by CDI.
fn registered(
    facts: &Facts,
    node: &NodeRuntime,
    faults: &[FaultyRuntime],
    cdi: Option<bool>,
    default: &str,
) -> Outcome {
    let is_plain = |one: &&FaultyRuntime| matches!(one.fault, RuntimeFault::Plain(_));
    let by_cdi = if cdi == Some(false) { cdi } else { specifications::any_of_gpus(facts) };
    if by_cdi.is_none() && faults.iter().any(|one| is_plain(&one)) {
        return Outcome::CannotTell("it is plain runc, which does if GPUs come by CDI".to_owned());
    }
    let bad = faults.iter().filter(|one| !is_plain(one) || by_cdi != Some(true));
    let found: Vec<Finding> = bad.map(|one| of_fault(node, one, default)).collect();
    if found.is_empty() {
        return Outcome::Fine(format!("registered; the default is {default}"));
    }
    Outcome::Found(found)
}

/// Runtimes of other names are for those who ask for them.
fn of_fault(node: &NodeRuntime, faulty: &FaultyRuntime, default: &str) -> Finding {
    let name = &faulty.name;
    let message = match &faulty.fault {
        RuntimeFault::Program { program, why } => {
            format!("the program of the runtime `{name}`, {program}, cannot run containers: {why}")
        }
        RuntimeFault::Plain(Some(program)) => {
            format!("the runtime `{name}` runs {program} itself, which gives no GPU")
        }
        RuntimeFault::Plain(None) => {
            format!("the runtime `{name}` has no `BinaryName`: it is plain runc, which gives no GPU")
        }
        RuntimeFault::NoType => {
            format!("the runtime `{name}` has no `runtime_type`: containerd starts no container of it")
        }
        RuntimeFault::UnknownType => {
            format!(
                "`runtime_type` of the runtime `{name}` is the name of no shim: no container of it starts"
            )
        }
        RuntimeFault::TypeGone(kind) => {
            format!("the runtime `{name}` is of type {kind}, which this containerd no longer has")
        }
    };
    let severity = if name == "nvidia" || name == default { Severity::Error } else { Severity::Warning };
    Finding::new(CRI_RUNTIME, severity, message)
        .evidence(format!("`runtimes.{name}` in {} or in what it loads", node.config))
}

fn finding(message: String) -> Finding {
    Finding::new(CRI_RUNTIME, Severity::Error, message)
}

fn node(facts: &Facts) -> Result<&NodeRuntime, Outcome> {
    match facts.node.as_result() {
        Ok(Some(node)) => Ok(node),
        Ok(None) => Err(Outcome::CannotTell("no container runtime of a node was found here".to_owned())),
        Err(reason) => Err(Outcome::CannotTell(reason.to_string())),
    }
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let node = facts.node.known()?.as_ref()?;
    if let NodeConfig::Read { quoted_version, .. } = &node.content
        && !quoted_version.is_empty()
    {
        let command = format!("write the number of `version` without quotes, then {}", node.kind.restart());
        return Some(Remedy::shown(command, "the node's configuration").as_root());
    }
    let name = match (node.kind.is_crio(), node.kind.is_cluster()) {
        (true, _) => "crio",
        (false, true) => {
            return Some(
                Remedy::asking(
                    node.kind.restart(),
                    "it finds the runtime by itself when nvidia-container-runtime is in its PATH",
                )
                .as_root()
                .restarting("the node's service"),
            );
        }
        (false, false) => "containerd",
    };
    Some(
        Remedy::asking(
            format!("sudo nvidia-ctk runtime configure --runtime={name} && {}", node.kind.restart()),
            "the node's configuration",
        )
        .as_root()
        .restarting("the container runtime; pods go on"),
    )
}
