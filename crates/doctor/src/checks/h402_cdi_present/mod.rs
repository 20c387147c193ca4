//! H402: is there a CDI specification for the GPUs?

use crate::codes::CDI_PRESENT;
use crate::facts::EngineKind;
use crate::specifications;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    let seen = match facts.specifications.as_result() {
        Ok(seen) => seen,
        Err(reason) if specifications::are_needed(facts) => return Outcome::CannotTell(reason.to_string()),
        Err(_) => return Outcome::DoesNotApply("`--gpus` does not need one here".to_owned()),
    };
    let valid: Vec<&str> = specifications::valid(&seen.files)
        .filter(|(_, spec)| spec.kind == "nvidia.com/gpu")
        .map(|(file, _)| file.path.as_str())
        .collect();
    if let Some(first) = valid.first() {
        return Outcome::Fine((*first).to_owned());
    }
    if !specifications::are_needed(facts) {
        return Outcome::DoesNotApply("`--gpus` does not need one here".to_owned());
    }
    if specifications::by_mode(facts) && specifications::any_of_gpus(facts) == Some(true) {
        return Outcome::Fine("of another kind, by annotation".to_owned());
    }
    let unreadable = !seen.files.is_empty();
    let message = match (facts.question.engine, unreadable) {
        (_, true) => "no CDI specification can be used".to_owned(),
        _ if specifications::by_mode(facts) => {
            "there is no CDI specification, and the toolkit's mode `cdi` takes GPUs from nothing else"
                .to_owned()
        }
        (EngineKind::Podman, _) => {
            "there is no CDI specification, from which podman takes its GPUs".to_owned()
        }
        _ => "there is no CDI specification, and the engine has nothing else to take GPUs from".to_owned(),
    };
    let finding = Finding::new(CDI_PRESENT, Severity::Error, message)
        .evidence(format!("looked in {}", seen.looked_in.join(", ")));
    let finding = seen.passed_over.iter().fold(finding, |finding, path| {
        finding.evidence(format!("{path} is passed over: engines read names ending in .yaml and .json"))
    });
    Outcome::Found(vec![finding])
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    Some(specifications::renew(facts, CDI_PRESENT))
}
