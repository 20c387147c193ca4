//! H406: may the engine read the CDI specifications?

use crate::codes::CDI_PERMISSION;
use crate::facts::{SpecificationContent, SpecificationFile};
use crate::serving;
use crate::specifications;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let files = match specifications::applicable(facts) {
        Ok(files) => files,
        Err(outcome) => return outcome,
    };
    if !serving::is_rootless(facts) {
        return Outcome::DoesNotApply("the engine is root".to_owned());
    }
    let found: Vec<(&SpecificationFile, Vec<String>)> = files
        .iter()
        .filter(|file| file.content == SpecificationContent::Denied || file.mode & 0o004 == 0)
        .map(|file| (file, vec![format!("{} has mode {:04o}", file.path, file.mode)]))
        .collect();
    if found.is_empty() {
        return Outcome::Fine("everybody may read them".to_owned());
    }
    let severity = specifications::weight(facts);
    Outcome::Found(found.into_iter().map(|(file, proof)| finding(file, proof, severity)).collect())
}

fn finding(file: &SpecificationFile, proof: Vec<String>, severity: Severity) -> Finding {
    let message =
        format!("{} cannot be read by a rootless engine, which leaves it out without a word", file.path);
    proof.into_iter().fold(Finding::new(CDI_PERMISSION, severity, message), Finding::evidence)
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    let files = &facts.specifications.known()?.files;
    let file = files.iter().find(|file| file.mode & 0o004 == 0).or(files.first())?;
    Some(Remedy::asking(format!("sudo chmod a+r {}", file.path), "the mode of the specification").as_root())
}
