//! H709: is the configuration template of K3s and RKE2 one?

use crate::codes::CRI_TEMPLATE;
use crate::facts::{NodeConfig, NodeRuntime};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let node = match node(facts) {
        Ok(node) => node,
        Err(outcome) => return outcome,
    };
    let Some(template) = &node.template else {
        return Outcome::DoesNotApply("there is no template".to_owned());
    };
    if template.is_template {
        return Outcome::Fine(template.path.clone());
    }
    let knows = matches!(&node.content, NodeConfig::Read { runtimes, .. } if runtimes.iter().any(|name| name == "nvidia"));
    let severity = if knows { Severity::Warning } else { Severity::Error };
    let message = format!(
        "{} is no template: it replaces all that K3s or RKE2 would write, networks included",
        template.path
    );
    let finding = Finding::new(CRI_TEMPLATE, severity, message).evidence("nothing in it stands in {{ }}");
    Outcome::Found(vec![finding])
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
    let path = &node.template.as_ref()?.path;
    Some(
        Remedy::asking(
            format!("sudo mv {path} {path}.old && {}", node.kind.restart()),
            "lets the service write its configuration again; it finds the runtime nvidia by itself",
        )
        .as_root()
        .restarting("the node's service"),
    )
}
