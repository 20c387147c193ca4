//! H808: does the image hold files of a driver?

use crate::codes::IMAGE_FILES;
use crate::facts::{Known, Subject};
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let subject = match subject(facts) {
        Ok(subject) => subject,
        Err(outcome) => return outcome,
    };
    match subject.driver_files.as_result() {
        Err(reason) => Outcome::CannotTell(reason.to_string()),
        Ok(files) if files.is_empty() => Outcome::Fine("none in the image".to_owned()),
        Ok(files) => {
            let message = format!(
                "{} holds files of a driver: they stand in the way of the ones that belong to this machine",
                subject.name
            );
            let module = facts.driver.known().and_then(|driver| driver.module_version.as_deref());
            let same = module.is_some_and(|version| files.iter().all(|file| file.ends_with(version)));
            let severity = if same { Severity::Warning } else { Severity::Error };
            Outcome::Found(vec![
                files.iter().fold(Finding::new(IMAGE_FILES, severity, message), |finding, file| {
                    finding.evidence(file.clone())
                }),
            ])
        }
    }
}

fn subject(facts: &Facts) -> Result<&Subject, Outcome> {
    match facts.subject.as_ref().map(Known::as_result) {
        None => Err(Outcome::DoesNotApply("no image was asked about (`--image`, `--container`)".to_owned())),
        Some(Err(reason)) => Err(Outcome::CannotTell(reason.to_string())),
        Some(Ok(subject)) => Ok(subject),
    }
}

pub(super) fn remedy(_: &Facts) -> Option<Remedy> {
    Some(Remedy::shown(
        "longshore lint Dockerfile; build the image again without driver packages",
        "the image",
    ))
}
