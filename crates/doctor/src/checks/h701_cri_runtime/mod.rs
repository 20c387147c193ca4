//! H701: does the node's container runtime know the runtime nvidia?

use crate::codes::CRI_RUNTIME;
use crate::facts::{NodeConfig, NodeRuntime};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let node = match node(facts) {
        Ok(node) => node,
        Err(outcome) => return outcome,
    };
    let message = match &node.content {
        NodeConfig::Absent => {
            format!("{} does not exist: the runtime `nvidia` is not registered", node.config)
        }
        NodeConfig::Broken(how) => {
            return Outcome::Found(vec![finding(format!("{} is not valid", node.config)).evidence(how)]);
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
        NodeConfig::Read { runtimes, default_runtime, .. }
            if runtimes.iter().any(|name| name == "nvidia") =>
        {
            let default = default_runtime.as_deref().unwrap_or("runc");
            return Outcome::Fine(format!("registered; the default is {default}"));
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
