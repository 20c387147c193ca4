//! G711: a device driver that no engine has.

use crate::compose::Compose;
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G711"),
    name: "unknown-device-driver",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

/// Drivers that an engine registers.
const KNOWN: &[&str] = &["nvidia", "amd", "cdi", "nvidia.cdi", "nvidia.runtime-hook"];

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for request in context.model.requests() {
        let Some(value) = request.node.get("driver") else { continue };
        let Some(driver) = request.driver().filter(|driver| !driver.is_empty()) else { continue };
        if KNOWN.contains(&driver.as_str())
            || !request.is_for_gpu()
            || value.span().of(&context.file.text).contains('$')
        {
            continue;
        }
        let finding = sink.report(value.span(), format!("no engine has a device driver `{driver}`"));
        let words = request
            .capabilities()
            .filter(|words| !words.is_empty())
            .unwrap_or_else(|| vec!["gpu".to_owned()]);
        finding.note(format!(
            "the engine says: could not select device driver \"{driver}\" with capabilities: [[{}]]",
            words.join(" ")
        ));
        finding.help("the driver of NVIDIA GPUs is `nvidia`, that of AMD GPUs `amd`");
        let means_nvidia =
            driver.to_ascii_lowercase().contains("nvidia") || driver == "gpu" || driver == "cuda";
        if means_nvidia {
            finding.fix(Fix::needs_review("use `nvidia`", Edit::new(value.span(), "nvidia")));
        }
    }
}
