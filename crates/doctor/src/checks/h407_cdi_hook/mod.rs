//! H407: are the hooks that CDI specifications name there?

use crate::codes::CDI_HOOK;
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
        .filter(|(_, spec)| !spec.missing_hooks.is_empty())
        .map(|(file, spec)| {
            (file, spec.missing_hooks.iter().map(|hook| format!("{hook} cannot be executed")).collect())
        })
        .collect();
    if found.is_empty() {
        return Outcome::Fine("all can be executed".to_owned());
    }
    let severity = specifications::weight(facts);
    Outcome::Found(found.into_iter().map(|(file, proof)| finding(file, proof, severity)).collect())
}

fn finding(file: &SpecificationFile, proof: Vec<String>, severity: Severity) -> Finding {
    let message =
        format!("{} names hooks that are not there: no container with its devices starts", file.path);
    proof.into_iter().fold(Finding::new(CDI_HOOK, severity, message), Finding::evidence)
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    Some(specifications::renew(facts))
}
