//! G913: nvidia-smi in a container of Alpine.

use crate::rule::{Check, Context, Family, Rule};
use crate::script::Script;
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G913"),
    name: "smi-on-musl",
    severity: Severity::Warning,
    family: Family::Surroundings,
    check: Check::Script(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Script>, sink: &mut Sink) {
    for call in &context.model.calls {
        let Some(image) = call.image.as_ref().filter(|image| is_alpine(image.known())) else { continue };
        let is_smi = call.command.first().is_some_and(|word| word.known() == "nvidia-smi");
        let gets_gpu = call.has("--gpus") || call.has("--runtime") || call.has("--device");
        if !is_smi || !gets_gpu || call.has("--entrypoint") {
            continue;
        }
        let finding = sink.report(image.span, "nvidia-smi of the host does not run on Alpine");
        finding.label("its C library is musl");
        finding
            .note("the kernel finds no loader for it: `exec /usr/bin/nvidia-smi: no such file or directory`");
        finding.help("take an image with glibc, such as `ubuntu` or `nvidia/cuda:12.8.1-base-ubuntu22.04`");
    }
}

fn is_alpine(image: &str) -> bool {
    let bare = image.strip_prefix("docker.io/").unwrap_or(image);
    let bare = bare.strip_prefix("library/").unwrap_or(bare);
    bare == "alpine" || bare.starts_with("alpine:")
}
