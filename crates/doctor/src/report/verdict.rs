//! The verdict in three lines.

use crate::diagnosis::{Diagnosis, State};
use diag::Outcome;

/// Whether `docker run --gpus` will work, why not, and what to do next: exactly three lines.
#[must_use]
pub fn verdict(diagnosis: &Diagnosis) -> String {
    let (first, second, third) = match diagnosis.state {
        State::Works => (
            "`docker run --gpus all` will work on this machine".to_owned(),
            seen(diagnosis),
            "try it: docker run --rm --gpus all IMAGE nvidia-smi -L".to_owned(),
        ),
        State::Fails => fails(diagnosis),
        State::CannotTell => cannot_tell(diagnosis),
    };
    format!("{first}\n{second}\n{third}\n")
}

fn fails(diagnosis: &Diagnosis) -> (String, String, String) {
    let root = diagnosis.root();
    let cause = root.map_or(String::new(), |cause| format!("{} [{}]", cause.finding.message, cause.code));
    let next = root
        .and_then(|cause| cause.remedy.as_ref())
        .map_or_else(|| "longshore doctor".to_owned(), |remedy| remedy.command.clone());
    (
        "`docker run --gpus all` will fail on this machine".to_owned(),
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
        "nothing stands in the way of `docker run --gpus all`, as far as can be told".to_owned(),
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
