//! G709: the runtime `nvidia` with an image that asks it for nothing.

use crate::compose::{Compose, Service};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G709"),
    name: "runtime-without-devices",
    severity: Severity::Warning,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

/// Official images of systems and languages, which set no variable of NVIDIA's.
const PLAIN: &[&str] = &[
    "ubuntu",
    "debian",
    "alpine",
    "busybox",
    "python",
    "node",
    "golang",
    "rust",
    "fedora",
    "rockylinux",
    "almalinux",
];

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for service in context.model.services() {
        let Some(runtime) = service.get("runtime").filter(|runtime| runtime.text() == Some("nvidia")) else {
            continue;
        };
        let Some(image) = service.kept_image().filter(|image| PLAIN.contains(&image.name.as_str())) else {
            continue;
        };
        if service.is_partial() || service.parts().iter().any(asks) {
            continue;
        }
        let finding = sink.report(runtime.span(), "the runtime `nvidia` is asked for no GPU");
        finding.also(image.span, "this image does not set NVIDIA_VISIBLE_DEVICES");
        finding.note(
            "the runtime adds nothing unless NVIDIA_VISIBLE_DEVICES is set; images of `nvidia/cuda` set it",
        );
        finding.help("set `NVIDIA_VISIBLE_DEVICES: all` in `environment`");
    }
}

fn asks(service: &Service<'_>) -> bool {
    const NAME: &str = "NVIDIA_VISIBLE_DEVICES";
    service.environment(NAME).is_some()
        || service.has_open_environment(NAME)
        || !service.requests().is_empty()
        || service.get("devices").is_some()
        || service
            .volumes()
            .iter()
            .any(|volume| volume.text().is_some_and(|text| text.contains("nvidia-container-devices")))
}
