//! H407: are the hooks that CDI specifications name there?

use crate::codes::CDI_HOOK;
use crate::facts::SpecificationFile;
use crate::specifications;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    if let Err(outcome) = specifications::applicable(facts) {
        return outcome;
    }
    let found: Vec<(&SpecificationFile, Vec<String>)> = specifications::in_use(facts)
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
    if crate::repair::has_hook(facts) {
        return Some(specifications::renew(facts, CDI_HOOK));
    }
    let changes = "nvidia-cdi-hook, which specifications name, is on this machine nowhere";
    Some(Remedy::shown("install the package of the container toolkit again", changes).as_root())
}
