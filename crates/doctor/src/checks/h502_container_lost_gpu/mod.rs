//! H502: has the running container its device nodes?

use crate::codes::CONTAINER_NODES;
use crate::facts::{Inside, Known};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let inside = match inside(facts) {
        Ok(inside) => inside,
        Err(outcome) => return outcome,
    };
    let gpu = inside.nodes.iter().any(|node| {
        node.trim_start_matches("/dev/nvidia").bytes().next().is_some_and(|byte| byte.is_ascii_digit())
    });
    let control = inside.nodes.iter().any(|node| node == "/dev/nvidiactl");
    let uvm = inside.nodes.iter().any(|node| node == "/dev/nvidia-uvm");
    let message = match (gpu, control, uvm) {
        (true, true, true) => return Outcome::Fine(inside.nodes.join(", ")),
        (false, false, false) => "the container has no node of a GPU: it was started without one".to_owned(),
        (_, _, false) if gpu && control => {
            "the container lacks /dev/nvidia-uvm: nvidia-smi works in it and CUDA does not".to_owned()
        }
        _ => format!("the container has only {}", inside.nodes.join(", ")),
    };
    Outcome::Found(vec![Finding::new(CONTAINER_NODES, Severity::Error, message).evidence(format!(
        "below its /dev: {}",
        if inside.nodes.is_empty() { "nothing of NVIDIA".to_owned() } else { inside.nodes.join(", ") }
    ))])
}

fn inside(facts: &Facts) -> Result<&Inside, Outcome> {
    match facts.subject.as_ref().map(Known::as_result) {
        Some(Ok(subject)) => match subject.inside.as_ref().map(Known::as_result) {
            Some(Ok(inside)) => Ok(inside),
            Some(Err(reason)) => Err(Outcome::CannotTell(reason.to_string())),
            None => Err(Outcome::DoesNotApply("an image has no inside that runs".to_owned())),
        },
        Some(Err(reason)) => Err(Outcome::CannotTell(reason.to_string())),
        None => Err(Outcome::DoesNotApply("no container was asked about (`--container`)".to_owned())),
    }
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(
        Remedy::asking(
            "make the container again with --gpus all or --device nvidia.com/gpu=all",
            "the container",
        )
        .restarting("the container"),
    )
}
