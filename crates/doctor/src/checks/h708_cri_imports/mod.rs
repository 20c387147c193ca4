//! H708: does the node load the file that names the runtime?

use crate::codes::CRI_IMPORTS;
use crate::facts::{NodeConfig, NodeRuntime};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let node = match node(facts) {
        Ok(node) => node,
        Err(outcome) => return outcome,
    };
    match &node.content {
        NodeConfig::Read { not_imported, .. } if !not_imported.is_empty() => {
            let message = format!(
                "{} names the runtime `nvidia`, and {} does not import it",
                not_imported.join(", "),
                node.config
            );
            let finding = Finding::new(CRI_IMPORTS, Severity::Error, message)
                .evidence(format!("`imports` of {} does not lead there", node.config));
            Outcome::Found(vec![finding])
        }
        NodeConfig::Read { .. } => Outcome::Fine("no file of the runtime is left out".to_owned()),
        NodeConfig::Absent | NodeConfig::Broken(_) => {
            Outcome::DoesNotApply("there is nothing that could import".to_owned())
        }
    }
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
    Some(
        Remedy::asking(
            format!("sudo nvidia-ctk runtime configure --runtime=containerd && {}", node.kind.restart()),
            "adds the import to the configuration",
        )
        .as_root()
        .restarting("the container runtime; pods go on"),
    )
}
