//! G710: a CDI device name in a form that is taken as a path.

use crate::compose::{Compose, interpolate};
use crate::finding::{Edit, Fix};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G710"),
    name: "cdi-device-form",
    severity: Severity::Error,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for device in context.model.services().iter().flat_map(|service| service.devices()) {
        let Some(text) = device.text().and_then(interpolate) else { continue };
        let Some(rest) = text.strip_prefix("nvidia.com/") else { continue };
        if rest.contains('=') && !rest.contains(':') {
            continue;
        }
        let finding = sink.report(device.span(), "this is no name of a CDI device, and is taken as a path");
        finding.note(
            "the engine says: error gathering device information while adding custom device: no such file or directory",
        );
        finding.help("a CDI device is `nvidia.com/gpu=all`, `nvidia.com/gpu=0` or `nvidia.com/gpu=GPU-...`");
        let name = rest.strip_prefix("gpu:").filter(|name| !name.is_empty() && !name.contains(':'));
        if let Some(name) = name.filter(|_| device.span().of(&context.file.text).contains("gpu:")) {
            let written = device.span().of(&context.file.text).replacen("gpu:", "gpu=", 1);
            finding.fix(Fix::safe(format!("name the device `{name}`"), Edit::new(device.span(), written)));
        }
    }
}
