//! H803: does the image's loader find the driver that is injected?

use crate::codes::IMAGE_LOADER;
use crate::facts::{Known, Subject};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let subject = match subject(facts) {
        Ok(subject) => subject,
        Err(outcome) => return outcome,
    };
    let Some(path) = subject.variable("LD_LIBRARY_PATH") else {
        return Outcome::Fine("LD_LIBRARY_PATH is not set".to_owned());
    };
    let entries: Vec<&str> = path.split(':').collect();
    let found: Vec<Finding> = entries.iter().filter_map(|entry| finding(subject, entry)).collect();
    if found.is_empty() {
        Outcome::Fine("LD_LIBRARY_PATH names no other libcuda".to_owned())
    } else {
        Outcome::Found(found)
    }
}

fn finding(subject: &Subject, entry: &str) -> Option<Finding> {
    let parts: Vec<&str> = entry.split('/').collect();
    let (severity, message) = if parts.contains(&"stubs") {
        (
            Severity::Error,
            format!(
                "{} loads the stub of libcuda, which is only for linking: CUDA will say error 34",
                subject.name
            ),
        )
    } else if parts.contains(&"compat") {
        (
            Severity::Warning,
            format!(
                "{} always loads its own compat libcuda: CUDA says error 803 or 804 where that is not allowed",
                subject.name
            ),
        )
    } else {
        return None;
    };
    Some(Finding::new(IMAGE_LOADER, severity, message).evidence(format!("LD_LIBRARY_PATH has {entry}")))
}

fn subject(facts: &Facts) -> Result<&Subject, Outcome> {
    match facts.subject.as_ref().map(Known::as_result) {
        None => Err(Outcome::DoesNotApply("no image was asked about (`--image`, `--container`)".to_owned())),
        Some(Err(reason)) => Err(Outcome::CannotTell(reason.to_string())),
        Some(Ok(subject)) => Ok(subject),
    }
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let subject = facts.subject.as_ref()?.known()?;
    Some(Remedy::shown(
        format!(
            "docker run -e LD_LIBRARY_PATH= {} ..., or remove the entry where the image is built",
            subject.name
        ),
        "which libcuda the container loads",
    ))
}
