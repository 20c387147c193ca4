//! G712: device nodes of NVIDIA GPUs without the driver's libraries.

use crate::compose::{Compose, Service};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G712"),
    name: "raw-device-nodes",
    severity: Severity::Warning,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for service in context.model.services() {
        if service.is_partial() || service.parts().iter().any(gets_libraries) {
            continue;
        }
        let nodes = service.devices();
        let Some(node) =
            nodes.iter().find(|node| source(node).is_some_and(|path| path.starts_with("/dev/nvidia")))
        else {
            continue;
        };
        let finding = sink.report(
            node.span(),
            "the service gets device nodes of the GPU, and none of the driver's libraries",
        );
        finding
            .note("programs end with `libcuda.so.1: cannot open shared object file`, or do without the GPU");
        finding.help("ask for the GPU instead: `gpus: all`; the device nodes come with it");
    }
}

fn source<'a>(node: &crate::yaml::View<'a>) -> Option<&'a str> {
    node.text().or_else(|| node.get("source")?.text())
}

/// Whether the libraries come in any way, or may come.
fn gets_libraries(service: &Service<'_>) -> bool {
    let mounted = |text: &str| {
        ["libcuda", "libnvidia", "/nvidia", "/usr/lib", "/usr/local", "driver"]
            .iter()
            .any(|part| text.contains(part))
    };
    service.get("runtime").is_some()
        || !service.requests().is_empty()
        || service.get("gpus").is_some()
        || service.get("privileged").is_some()
        || service.get("volumes_from").is_some()
        || service
            .devices()
            .iter()
            .any(|node| node.text().is_some_and(|text| text.contains('=') || text.contains('$')))
        || service.volumes().iter().any(|volume| volume.text().is_some_and(mounted))
}
