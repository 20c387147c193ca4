//! G820: CUDA_VISIBLE_DEVICES in a pod that names GPUs by numbers which the container does not have.

use crate::kubernetes::{Container, Manifests};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::yaml::View;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G820"),
    name: "pod-visible-devices-out-of-range",
    severity: Severity::Error,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    for container in context.model.containers() {
        let (Some(have), Some((place, value))) = (gpus(&container), variable(&container)) else { continue };
        let ids: Option<Vec<usize>> = value.split(',').map(|id| id.trim().parse().ok()).collect();
        let Some(ids) = ids else { continue };
        let Some(first) = ids.iter().position(|id| *id >= have) else { continue };
        let id = ids[first];
        let gpus = if have == 1 {
            "one GPU, number 0".to_owned()
        } else {
            format!("{have} GPUs, numbers 0 to {}", have - 1)
        };
        let finding = sink
            .report(place.span(), format!("the container has {gpus}, and CUDA is told to use number {id}"));
        finding
            .note("inside a container GPUs are counted from 0 again, whatever their numbers on the node are");
        if first == 0 {
            finding.note("CUDA then finds no GPU: `No CUDA GPUs are available`");
        } else {
            finding.severity(Severity::Warning);
            finding.note("CUDA stops at the first number that does not exist, and uses those before it only");
        }
        finding.help("leave CUDA_VISIBLE_DEVICES out: Kubernetes already chooses the GPUs");
    }
}

/// How many whole GPUs the container has; `None` when it may have others too.
fn gpus(container: &Container<'_>) -> Option<usize> {
    let shared = container.variable("NVIDIA_VISIBLE_DEVICES").is_some();
    let is_open = container.node.at_path(&["securityContext", "privileged"]).is_some();
    if is_open || shared { None } else { container.whole_gpus() }
}

fn variable<'a>(container: &Container<'a>) -> Option<(View<'a>, &'a str)> {
    let value = container.variable("CUDA_VISIBLE_DEVICES")?.get("value")?;
    Some((value, value.text()?))
}
