//! G702: an image that does nothing without a GPU, in a service that asks for none.

use crate::compose::{Compose, Service};
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G702"),
    name: "no-gpu-request",
    severity: Severity::Warning,
    family: Family::Compose,
    check: Check::Compose(check),
    doc: include_str!("doc.md"),
};

/// Images of inference servers whose CUDA builds stop without a GPU.
const SERVERS: &[&str] = &["vllm/vllm-openai", "lmsysorg/sglang"];

/// Words in tags of builds for something else than NVIDIA GPUs.
const OTHER_BUILDS: &[&str] =
    &["cpu", "rocm", "xpu", "hpu", "gaudi", "intel", "neuron", "tpu", "npu", "ascend", "amd"];

fn check(context: Context<'_, Compose>, sink: &mut Sink) {
    for service in context.model.services() {
        let Some(image) = service.kept_image().filter(|image| SERVERS.contains(&image.name.as_str())) else {
            continue;
        };
        let other = OTHER_BUILDS.iter().any(|word| image.tag.contains(word));
        if other || service.is_partial() || service.parts().iter().any(may_get_gpu) {
            continue;
        }
        let finding = sink.report(image.span, "this server needs a GPU, and the service asks for none");
        finding.note(
            "it stops at its start: vLLM says `Failed to infer device type`, SGLang that no accelerator is available",
        );
        finding.help("add `gpus: all`, or a reservation below `deploy.resources.reservations.devices`");
    }
}

/// Whether a GPU comes in any way, or may come: by request, runtime, device, or all devices.
fn may_get_gpu(service: &Service<'_>) -> bool {
    let has = |key: &str| service.get(key).is_some();
    !service.requests().is_empty()
        || ["runtime", "devices", "privileged", "profiles", "gpus"].iter().any(|key| has(key))
        || service.get("deploy").is_some_and(|deploy| {
            !deploy.is_mapping() || deploy.at_path(&["resources", "reservations"]).is_some()
        })
        || service.environment("NVIDIA_VISIBLE_DEVICES").is_some()
}
