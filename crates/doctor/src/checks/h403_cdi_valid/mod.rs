//! H403: is every CDI specification valid?

use crate::codes::CDI_VALID;
use crate::facts::{SpecificationContent, SpecificationFile};
use crate::specifications;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let files = match specifications::applicable(facts) {
        Ok(files) => files,
        Err(outcome) => return outcome,
    };
    let found: Vec<(&SpecificationFile, Vec<String>)> = files
        .iter()
        .filter_map(|file| match &file.content {
            SpecificationContent::Invalid(how) => Some((file, vec![how.clone()])),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        return Outcome::Fine(format!("{} file(s)", files.len()));
    }
    let severity = match specifications::has_gpus(files) {
        true => Severity::Warning,
        false => specifications::weight(facts),
    };
    Outcome::Found(found.into_iter().map(|(file, proof)| finding(file, proof, severity)).collect())
}

fn finding(file: &SpecificationFile, proof: Vec<String>, severity: Severity) -> Finding {
    let message = format!("{} breaks a rule of the standard: engines leave it out", file.path);
    proof.into_iter().fold(Finding::new(CDI_VALID, severity, message), Finding::evidence)
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    Some(specifications::renew(facts, CDI_VALID))
}
