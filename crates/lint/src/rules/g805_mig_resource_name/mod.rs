//! G805: a MIG resource whose name has another form than the device plugin gives.

use crate::kubernetes::Manifests;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G805"),
    name: "mig-resource-name",
    severity: Severity::Error,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    let containers = context.model.containers();
    for container in containers.iter().filter(|container| container.object.is_checked()) {
        for entry in ["limits", "requests"].iter().flat_map(|part| container.resources(part)) {
            let Some(name) = entry.key.text() else { continue };
            let Some(profile) = name.strip_prefix("nvidia.com/mig-") else { continue };
            if is_profile(profile) || profile.contains('{') {
                continue;
            }
            let finding = sink.report(entry.key.place(), format!("`{profile}` is no MIG profile"));
            finding.note(format!("no node offers it, and the pod stays Pending: `Insufficient {name}`"));
            finding.help(
                "the form is `nvidia.com/mig-<slices>g.<memory>gb`, for example `nvidia.com/mig-1g.10gb`",
            );
        }
    }
}

/// Whether a text has the form of a profile as the device plugin names it: `1g.5gb`, `1g.5gb.me`,
/// `1c.3g.20gb` is none (the plugin offers GPU instances only).
fn is_profile(text: &str) -> bool {
    // `.shared` is what the plugin adds to resources that it offers several times.
    let text = text.strip_suffix(".shared").unwrap_or(text);
    let mut parts = text.split('.');
    let number = |part: Option<&str>, unit: &str| {
        part.and_then(|part| part.strip_suffix(unit))
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    number(parts.next(), "g") && number(parts.next(), "gb")
}
