//! H404: does every CDI specification fit the machine as it is?

use super::h109_device_nodes;
use crate::codes::CDI_STALE;
use crate::facts::{SpecificationFile, SpecificationSeen};
use crate::specifications;
use crate::{Facts, Remedy};
use diag::{Finding, Outcome, Severity};

pub(super) fn run(facts: &Facts) -> Outcome {
    if let Err(outcome) = specifications::applicable(facts) {
        return outcome;
    }
    let found: Vec<(&SpecificationFile, Vec<String>)> = specifications::in_use(facts)
        .map(|(file, spec)| (file, drift(facts, spec)))
        .filter(|(_, drift)| !drift.is_empty())
        .collect();
    if found.is_empty() {
        return Outcome::Fine("files, numbers and driver version as they are".to_owned());
    }
    let severity = specifications::weight(facts);
    Outcome::Found(found.into_iter().map(|(file, proof)| finding(file, proof, severity)).collect())
}

/// Nodes that are not as the driver needs them are a cause of their own, and not the specification's.
fn drift(facts: &Facts, spec: &SpecificationSeen) -> Vec<String> {
    let mut drift = specifications::drift(facts, spec);
    if matches!(h109_device_nodes::run(facts), Outcome::Found(_)) {
        drift.retain(|what| !what.starts_with("/dev/nvidia") || what.starts_with("/dev/nvidia-caps"));
    }
    drift
}

fn finding(file: &SpecificationFile, proof: Vec<String>, severity: Severity) -> Finding {
    let message = format!("{} is older than the machine: it names what is no longer so", file.path);
    proof.into_iter().fold(Finding::new(CDI_STALE, severity, message), Finding::evidence)
}

pub(super) fn remedy(facts: &Facts) -> Option<Remedy> {
    Some(specifications::renew(facts, CDI_STALE))
}
