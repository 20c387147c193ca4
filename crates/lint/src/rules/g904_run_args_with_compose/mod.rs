//! G904: `--gpus` in `runArgs` of a devcontainer that Compose starts.

use crate::devcontainer::Devcontainer;
use crate::rule::{Check, Context, Family, Rule};
use crate::sink::Sink;
use diag::{Code, Severity};

/// The rule.
pub(crate) const RULE: Rule = Rule {
    code: Code::new("G904"),
    name: "run-args-with-compose",
    severity: Severity::Warning,
    family: Family::Surroundings,
    check: Check::Devcontainer(check),
    doc: include_str!("doc.md"),
};

fn check(context: Context<'_, Devcontainer>, sink: &mut Sink) {
    let Some(compose) = context.model.get(&["dockerComposeFile"]) else { return };
    for arg in context.model.run_args() {
        let Some(text) = arg.text() else { continue };
        let about = ["--gpus", "--runtime", "--device", "--shm-size", "--ipc"];
        if about.iter().any(|name| text == *name || text.starts_with(&format!("{name}="))) {
            let finding =
                sink.report(arg.span(), format!("`{text}` has no effect: Compose starts the container"));
            finding.also(compose.span(), "because of this");
            finding.note("`runArgs` are for an image or a Dockerfile alone; the container has no GPU: `Failed to initialize NVML`, `No CUDA GPUs are available`");
            finding
                .help("put the request into the Compose file: `gpus: all`, or a reservation below `deploy`");
            return;
        }
    }
}
