//! H404: does every CDI specification fit the machine as it is?

use crate::codes::CDI_STALE;
use crate::facts::SpecificationFile;
use crate::specifications;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let files = match specifications::applicable(facts) {
        Ok(files) => files,
        Err(outcome) => return outcome,
    };
    let found: Vec<(&SpecificationFile, Vec<String>)> = specifications::valid(files)
        .map(|(file, spec)| (file, specifications::drift(facts, spec)))
        .filter(|(_, drift)| !drift.is_empty())
        .collect();
    if found.is_empty() {
        return Outcome::Fine("files, numbers and driver version as they are".to_owned());
    }
    let severity = specifications::weight(facts);
    Outcome::Found(found.into_iter().map(|(file, proof)| finding(file, proof, severity)).collect())
}

fn finding(file: &SpecificationFile, proof: Vec<String>, severity: Severity) -> Finding {
    let message = format!("{} is older than the machine: it names what is no longer so", file.path);
    proof.into_iter().fold(Finding::new(CDI_STALE, severity, message), Finding::evidence)
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    Some(specifications::renew(facts))
}
