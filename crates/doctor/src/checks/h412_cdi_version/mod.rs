//! H412: does the engine know the version of the CDI specifications?

use crate::codes::CDI_VERSION;
use crate::facts::SpecificationFile;
use crate::specifications;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    if let Err(outcome) = specifications::applicable(facts) {
        return outcome;
    }
    let Some((engine, newest)) = specifications::newest_version(facts) else {
        return Outcome::DoesNotApply("which versions the engine knows is not known".to_owned());
    };
    let found: Vec<(&SpecificationFile, Vec<String>)> = specifications::in_use(facts)
        .filter(|(_, spec)| specifications::is_newer(&spec.version, newest))
        .map(|(file, spec)| {
            (file, vec![format!("cdiVersion is {}, {engine} knows up to {newest}", spec.version)])
        })
        .collect();
    if found.is_empty() {
        return Outcome::Fine(format!("{engine} knows up to {newest}"));
    }
    let severity = specifications::weight(facts);
    Outcome::Found(found.into_iter().map(|(file, proof)| finding(file, proof, severity)).collect())
}

fn finding(file: &SpecificationFile, proof: Vec<String>, severity: Severity) -> Finding {
    let message = format!(
        "{} is of a version that the engine does not know: it leaves the file out without a word",
        file.path
    );
    proof.into_iter().fold(Finding::new(CDI_VERSION, severity, message), Finding::evidence)
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    Some(specifications::renew(facts, CDI_VERSION))
}
