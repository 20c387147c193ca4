//! H401: does the engine read the directories that hold the specifications?

use crate::codes::CDI_DIRECTORIES;
use crate::{Facts, Remedy, serving, specifications};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let Some(answer) = serving::answer(facts) else {
        return Outcome::CannotTell("the daemon did not answer".to_owned());
    };
    let Some(directories) = answer.cdi_directories.as_ref().filter(|list| !list.is_empty()) else {
        return Outcome::DoesNotApply("this daemon has CDI switched off".to_owned());
    };
    let files = match facts.specifications.as_result() {
        Ok(seen) => &seen.files,
        Err(reason) => return Outcome::CannotTell(reason.to_string()),
    };
    let same = |one: &str, other: &str| normal(one) == normal(other);
    let read = |directory: &str| directories.iter().any(|known| same(known, directory));
    if files.is_empty() || files.iter().any(|file| read(&file.directory)) {
        return Outcome::Fine(directories.join(", "));
    }
    let first = files.first().map_or("", |file| file.path.as_str());
    let message = format!("{first} is in a directory that dockerd does not read");
    let finding = Finding::new(CDI_DIRECTORIES, Severity::Warning, message)
        .evidence(format!("dockerd reads {}", directories.join(", ")));
    Outcome::Found(vec![finding])
}

/// `/var/run` is a link to `/run` everywhere.
fn normal(directory: &str) -> &str {
    directory
        .strip_prefix("/var/run/")
        .map_or(directory, |_| directory.trim_start_matches("/var"))
        .trim_end_matches('/')
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    Some(specifications::renew(facts, CDI_DIRECTORIES))
}
