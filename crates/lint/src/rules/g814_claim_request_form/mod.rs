//! G814: a claim of the resource API whose requests have the form of another version.

use crate::kubernetes::{Manifests, Object};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use crate::yaml::View;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G814"),
    name: "claim-request-form",
    severity: Severity::Error,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    for object in context.model.objects() {
        for request in requests(&object) {
            match object.api_version {
                "resource.k8s.io/v1" | "resource.k8s.io/v1beta2" => direct_in_new(&object, request, sink),
                "resource.k8s.io/v1beta1" => nested_in_old(request, sink),
                _ => {}
            }
        }
    }
}

fn requests<'a>(object: &Object<'a>) -> Vec<View<'a>> {
    let way: &[&str] = match object.kind {
        "ResourceClaim" => &["spec", "devices", "requests"],
        "ResourceClaimTemplate" => &["spec", "spec", "devices", "requests"],
        _ => return Vec::new(),
    };
    object.node.at_path(way).map(|requests| requests.items()).unwrap_or_default()
}

fn direct_in_new(object: &Object<'_>, request: View<'_>, sink: &mut Sink) {
    let Some(class) = request.entry("deviceClassName") else { return };
    if request.get("exactly").is_some() || request.get("firstAvailable").is_some() {
        return;
    }
    let finding =
        sink.report(class.key.place(), "`deviceClassName` stands where only version v1beta1 has it");
    finding.also(
        object.node.get("apiVersion").map_or(class.key.place(), |view| view.place()),
        "the version of the object",
    );
    finding
        .note("the API server refuses the object: exactly one of `exactly` or `firstAvailable` is required");
    finding.help("put what belongs to the request below `exactly:`");
}

fn nested_in_old(request: View<'_>, sink: &mut Sink) {
    let Some(exactly) = request.entry("exactly") else { return };
    let finding = sink.report(exactly.key.place(), "`exactly` does not exist in version v1beta1");
    finding.note("the API server refuses the object: `unknown field \"spec.devices.requests[0].exactly\"`");
    finding.help("use `apiVersion: resource.k8s.io/v1`, or put `deviceClassName` directly into the request");
}
