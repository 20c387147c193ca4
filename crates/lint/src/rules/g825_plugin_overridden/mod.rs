//! G825: NVIDIA_VISIBLE_DEVICES beside a limit: the pod takes other GPUs than it was given.

use crate::kubernetes::Manifests;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};
use std::collections::HashSet;

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G825"),
    name: "plugin-overridden",
    severity: Severity::Warning,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

const NAME: &str = "NVIDIA_VISIBLE_DEVICES";

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    let mut seen = HashSet::new();
    for container in context.model.containers() {
        let (Some(_), Some(item)) = (container.whole_gpus(), container.variable(NAME)) else { continue };
        // A privileged container sees all of them anyway.
        let is_privileged = container.node.at_path(&["securityContext", "privileged"]).is_some();
        let Some(value) = item.get("value").filter(|_| !is_privileged) else { continue };
        let Some(text) = value.text().filter(|text| names_gpus(text)) else { continue };
        if !seen.insert(value.span()) {
            continue;
        }
        let finding = sink
            .report(value.span(), format!("`{NAME}={text}` takes the place of what the device plugin sets"));
        finding.note(if text == "all" {
            "the container sees every GPU of the node, those of other pods too, and its limit counts for nothing"
        } else {
            "the container gets these GPUs of the node, whichever Kubernetes has given it, and shares them with their owner"
        });
        finding.help("leave the variable out: the plugin sets it to the GPUs that the pod was given");
    }
}

/// `all`, numbers, UUIDs; a variable of the cluster (`$(GPUS)`) is not known.
fn names_gpus(text: &str) -> bool {
    let is_id = |id: &str| {
        id == "all"
            || id.starts_with("GPU-")
            || id.starts_with("MIG-")
            || (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
    };
    text.split(',').all(|id| is_id(id.trim()))
}
