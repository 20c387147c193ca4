//! The verdict in three lines.

use crate::diagnosis::{Diagnosis, State};
use crate::facts::EngineKind;
use diag::Outcome;

/// Whether `docker run --gpus` will work, why not, and what to do next: exactly three lines.
#[must_use]
pub fn verdict(diagnosis: &Diagnosis) -> String {
    let promise = diagnosis.engine.promise();
    let (first, second, third) = match diagnosis.state {
        State::Works => (
            format!("{promise} will work on this machine"),
            seen(diagnosis),
            try_it(diagnosis.engine).to_owned(),
        ),
        State::Fails => fails(diagnosis),
        State::CannotTell => cannot_tell(diagnosis),
    };
    format!("{first}\n{second}\n{third}\n")
}

fn try_it(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Docker => "try it: docker run --rm --gpus all IMAGE nvidia-smi -L",
        EngineKind::Podman => "try it: podman run --rm --device nvidia.com/gpu=all IMAGE nvidia-smi -L",
        EngineKind::Containerd | EngineKind::Crio => {
            "try it: a pod with runtimeClassName nvidia that runs nvidia-smi -L"
        }
    }
}

fn fails(diagnosis: &Diagnosis) -> (String, String, String) {
    let root = diagnosis.root();
    let cause = root.map_or(String::new(), |cause| format!("{} [{}]", cause.finding.message, cause.code));
    let next = root
        .and_then(|cause| cause.remedy.as_ref())
        .map_or_else(|| "longshore doctor".to_owned(), |remedy| remedy.command.clone());
    (
        format!("{} will fail on this machine", diagnosis.engine.promise()),
        format!("cause: {cause}"),
        format!("next:  {next}"),
    )
}

fn cannot_tell(diagnosis: &Diagnosis) -> (String, String, String) {
    let open = diagnosis.lines.iter().find_map(|line| match &line.outcome {
        Outcome::CannotTell(why) => Some(format!("not known: {} ({why})", line.label)),
        _ => None,
    });
    (
        format!("nothing stands in the way of {}, as far as can be told", diagnosis.engine.promise()),
        open.unwrap_or_default(),
        format!("next:  {}", diagnosis.next.as_deref().unwrap_or("longshore doctor")),
    )
}

fn seen(diagnosis: &Diagnosis) -> String {
    let texts = diagnosis.lines.iter().filter_map(|line| match &line.outcome {
        Outcome::Fine(text) if ["on the bus", "kernel module", "version"].contains(&line.label) => {
            Some(text.as_str())
        }
        _ => None,
    });
    format!("seen: {}", texts.collect::<Vec<_>>().join("; "))
}
