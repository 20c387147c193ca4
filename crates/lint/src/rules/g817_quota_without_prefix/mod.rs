//! G817: a quota on GPUs under a name that quotas do not count.

use crate::finding::{Edit, Fix};
use crate::kubernetes::{Manifests, is_gpu_resource};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G817"),
    name: "quota-without-prefix",
    severity: Severity::Error,
    family: Family::Kubernetes,
    check: Check::Kubernetes(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Manifests>, sink: &mut Sink) {
    for object in context.model.objects() {
        if (object.api_version, object.kind) != ("v1", "ResourceQuota") {
            continue;
        }
        let hard = object.node.at_path(&["spec", "hard"]).map(|hard| hard.entries()).unwrap_or_default();
        for entry in hard {
            let Some(name) = entry.key.text() else { continue };
            let wanted = format!("requests.{name}");
            if !is_gpu_resource(name) || object.node.at_path(&["spec", "hard", &wanted]).is_some() {
                continue;
            }
            let finding = sink.report(entry.key.place(), format!("a quota on `{name}` counts nothing"));
            finding.note("of extended resources only names with the prefix `requests.` are counted; this one is ignored");
            finding.help(format!("use `{wanted}`"));
            finding.fix(Fix::safe(format!("use `{wanted}`"), Edit::new(entry.key.place(), wanted)));
        }
    }
}
